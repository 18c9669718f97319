"""Random configurations exported: ONNX Runtime and Keras give our answer to 2e-5 in float32."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.layers import LAYERS, Layer
from engine.primitives import Shape
from tests.engine.layers.parity import keras_outputs, onnx_outputs
from tests.engine.layers.random_configs import draw
from tests.engine.run_program import Net, context, layer_net, magnifies_rounding, random_inputs

CONFIGS = 8
JUDGED = [c for c in LAYERS.classes() if c.id not in ("input", "output")]
each = pytest.mark.parametrize("cls", JUDGED, ids=lambda c: c.id)


@each
@pytest.mark.parity("onnx", "onnxruntime")
def test_random_configurations_as_onnx(cls: type[Layer], rng: np.random.Generator) -> None:
    for layer, shapes, net, x, ours in configs(cls, rng):
        if not layer.has_onnx:
            pytest.skip(f"{layer.title} has no ONNX operator")
        close(onnx_outputs(layer, shapes, net, x), ours, layer, shapes)


@each
@pytest.mark.parity("keras", "torch")
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_random_configurations_as_keras(cls: type[Layer], rng: np.random.Generator, tmp_path: Path) -> None:
    for layer, shapes, net, x, ours in configs(cls, rng):
        close(keras_outputs(layer, shapes, net, x, tmp_path / "weights.safetensors"), ours, layer, shapes)


def configs(cls: type[Layer], rng: np.random.Generator) -> Iterator[tuple[Layer, list[Shape], Net, list[Any], Any]]:
    """(layer, shapes, net, inputs, our answer in float64), where float32 can give the same."""
    for _ in range(CONFIGS):
        layer, shapes = draw(cls, rng)
        net = layer_net(layer, shapes, rng)
        x = random_inputs(net, rng, 3)
        ours = net.forward(context(training=False), *x)
        if not magnifies_rounding(net) or any(s.primitive.id == "batch_norm" for s in net.program.steps):
            yield layer, shapes, net, x, ours  # batch norm in use divides by its running deviation


def close(theirs: Any, ours: Any, layer: Layer, shapes: Sequence[Shape]) -> None:
    """Within 2e-5."""
    np.testing.assert_allclose(theirs, ours, rtol=2e-5, atol=2e-5, err_msg=f"{layer!r} on {shapes}")
