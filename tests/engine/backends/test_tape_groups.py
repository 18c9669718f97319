"""Convolution in groups beside the reference: beyond a panel, strides, dilations, kernels wider than the image."""

from __future__ import annotations

from typing import Any

import pytest

from engine.declare import Spec
from engine.graph import Graph
from tests.engine.backends.test_tape_oracle import judge
from tests.engine.backends.twins import compare, tape
from tests.engine.training.nets import chain

SGD = Spec("sgd", {"rate": 0.02})


def net(channels: int, size: tuple[int, int], kind: str, **params: Any) -> Graph:
    """A 1x1 convolution to so many channels, the layer, a ReLU, a dense head."""
    return chain(
        ("input", {"size": (3, *size)}), ("conv2d", {"filters": channels, "kernel": (1, 1)}), (kind, params),
        ("relu", {}), ("flatten", {}), ("dense", {"units": 3}), ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip


NETS = {
    "groups of 20 and 18": net(40, (7, 6), "conv2d", filters=36, kernel=(3, 2), groups=2, stride=(2, 1),
                               dilation=(1, 2)),
    "groups of 3 and 1": net(12, (6, 15), "conv2d", filters=4, kernel=(3, 3), groups=4, padding="same", stride=(1, 2)),
    "one channel each": net(19, (7, 9), "depthwise_conv2d", kernel=(3, 3), padding="same", stride=(2, 2)),
    "one channel each, wide kernel": net(17, (4, 5), "depthwise_conv2d", kernel=(5, 5), padding="same",
                                         dilation=(2, 2)),
    "two of one": net(9, (5, 14), "depthwise_conv2d", kernel=(2, 3), multiplier=2),
}  # fmt: skip


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", NETS)
def test_ten_steps_beside_the_reference(name: str, threads: int) -> None:
    compare(NETS[name], SGD, threads)


@pytest.mark.parametrize("name", NETS)
def test_instructions_beside_the_slow_interpreter(name: str) -> None:
    with tape(NETS[name], SGD) as made:
        judge(made)
