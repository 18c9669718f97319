"""What the node card and the hover say, with the layer's own numbers."""

from __future__ import annotations

from typing import Any

import pytest

from engine.layers import LAYERS
from engine.primitives import Shape


@pytest.mark.parametrize(
    ("kind", "params", "shape", "text"),
    [
        ("conv2d", {}, (1, 28, 28), "28 - 3 + 1 = 26"),
        ("conv2d", {"padding": "same"}, (1, 28, 28), "28 stays 28 (padded 1 before, 1 after)"),
        ("conv2d", {"padding": "same", "stride": (2, 2)}, (1, 28, 28), "ceil(28 / 2) = 14 (padded 0 before, 1 after)"),
        ("conv2d", {"stride": (2, 2)}, (1, 28, 28), "floor((28 - 3) / 2) + 1 = 13"),
        (
            "conv2d", {"padding": "explicit", "pads": (1, 2, 1, 0)}, (1, 8, 9),
            "height: 8 + 1 + 1 - 3 + 1 = 8; width: 9 + 2 - 3 + 1 = 9",
        ),
        ("conv2d", {"dilation": (2, 2)}, (1, 28, 28), "kernel spans 2 x (3 - 1) + 1 = 5: 28 - 5 + 1 = 24"),
        ("max_pool2d", {}, (32, 26, 26), "floor((26 - 2) / 2) + 1 = 13"),
        ("flatten", {}, (64, 5, 5), "64 x 5 x 5 = 1600"),
        ("reshape", {"target": (1, -1, 28)}, (784,), "784 = 1 x 28 x 28"),
        ("global_avg_pool", {}, (64, 7, 7), "7 x 7 = 49 cells of each of 64 maps become their mean"),
        ("conv1d", {"padding": "same", "stride": 2}, (2, 9), "ceil(9 / 2) = 5 (padded 1 before, 1 after)"),
        ("conv_transpose2d", {}, (2, 7, 5), "height: (7 - 1) x 2 + 2 = 14; width: (5 - 1) x 2 + 2 = 10"),
        (
            "conv_transpose2d", {"kernel": (3, 1), "padding": "same"}, (2, 7, 5),
            "height: (7 - 1) x 2 + 3 - 1 = 14; width: (5 - 1) x 2 + 1 + 1 = 10",
        ),
        ("group_norm", {"groups": 4}, (32, 5, 5), "shape unchanged; 32 / 4 = 8 channels per group"),
        ("multi_head_attention", {}, (32, 64), "64 / 4 = 16 features per head; 4 maps of 32 x 32"),
        ("slice", {"start": 2, "end": 7, "step": 2}, (9,), "3 of 9, from 2 to 6"),
        ("upsample", {}, (3, 7, 5), "7 x 2 = 14; 5 x 2 = 10"),
        ("permute", {"order": (1, 0)}, (3, 7), "axis 0 is the input's axis 1: 7; axis 1 is the input's axis 0: 3"),
        ("embedding", {}, (5,), "each id becomes 32 numbers; 1000 x 32 = 32000 weights"),
        ("dense", {"units": 10}, (128,), "128 -> 10; 128 x 10 + 10 = 1290 weights"),
        ("dense", {"units": 10, "use_bias": False}, (7, 128), "128 -> 10; 128 x 10 = 1280 weights"),
    ],
)  # fmt: skip
def test_explain(kind: str, params: dict[str, Any], shape: Shape, text: str) -> None:
    layer = LAYERS[kind](**params)
    assert layer.explain(shape) == text
    out = layer.shape(shape)
    assert any(str(k) in text for k in out)


@pytest.mark.parametrize(
    ("kind", "params", "text"),
    [
        ("conv2d", {"padding": "same", "activation": "relu", "weight_init": "he_normal"}, "32 x 3x3, same, ReLU, He"),
        (
            "conv2d",
            {"stride": (2, 2), "groups": 4, "dilation": (1, 2)},
            "32 x 3x3, valid, stride 2, dilation 1x2, 4 groups",
        ),
        ("conv2d", {"padding": "explicit", "pads": (1, 0, 1, 0)}, "32 x 3x3, pads 1 0 1 0"),
        ("dense", {"units": 4, "activation": "sigmoid", "weight_init": "uniform"}, "4, Sigmoid, uniform"),
        ("max_pool2d", {}, "2x2, valid, stride 2"),
        ("dropout", {"rate": 0.25}, "25 %"),
        ("reshape", {"target": (1, 28, 28)}, "1 x 28 x 28"),
    ],
)
def test_summary(kind: str, params: dict[str, Any], text: str) -> None:
    assert LAYERS[kind](**params).summary() == text
