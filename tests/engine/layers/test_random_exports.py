"""Random configurations exported: ONNX Runtime and Keras give our answer to 2e-5 in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.layers import LAYERS, Layer
from tests.engine.layers.parity import keras_outputs, onnx_outputs
from tests.engine.layers.random_configs import draw
from tests.engine.run_program import context, layer_net, random_inputs

CONFIGS = 8
JUDGED = [c for c in LAYERS.classes() if c.id not in ("input", "output")]
each = pytest.mark.parametrize("cls", JUDGED, ids=lambda c: c.id)


@each
@pytest.mark.parity("onnx", "onnxruntime")
def test_random_configurations_as_onnx(cls: type[Layer], rng: np.random.Generator) -> None:
    for _ in range(CONFIGS):
        layer, shapes = draw(cls, rng)
        if not layer.has_onnx:
            pytest.skip(f"{layer.title} has no ONNX operator")
        net = layer_net(layer, shapes, rng)
        x = random_inputs(net, rng, 3)
        theirs = onnx_outputs(layer, shapes, net, x)
        ours = net.forward(context(training=False), *x)
        np.testing.assert_allclose(theirs, ours, rtol=2e-5, atol=2e-5, err_msg=f"{layer!r} on {shapes}")


@each
@pytest.mark.parity("keras", "torch")
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_random_configurations_as_keras(cls: type[Layer], rng: np.random.Generator, tmp_path: Path) -> None:
    for k in range(CONFIGS):
        layer, shapes = draw(cls, rng)
        net = layer_net(layer, shapes, rng)
        x = random_inputs(net, rng, 3)
        theirs = keras_outputs(layer, shapes, net, x, tmp_path / f"{k}.safetensors")
        ours = net.forward(context(training=False), *x)
        np.testing.assert_allclose(theirs, ours, rtol=2e-5, atol=2e-5, err_msg=f"{layer!r} on {shapes}")
