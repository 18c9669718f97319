"""Padding "same" is ONNX's SAME_UPPER at any stride: judged by ONNX Runtime's own reading of that word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.layers import LAYERS
from tests.engine.run_program import context, layer_net

pytestmark = pytest.mark.parity("onnx", "onnxruntime")
OPERATORS = {"conv2d": "Conv", "max_pool2d": "MaxPool", "avg_pool2d": "AveragePool"}


def judged(operator: str, x: Any, w: Any, window: tuple[int, int], stride: tuple[int, int]) -> Any:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    attributes = {"auto_pad": "SAME_UPPER", "kernel_shape": window, "strides": stride}
    names = ["x", "w"] if operator == "Conv" else ["x"]
    graph = helper.make_graph(
        [helper.make_node(operator, names, ["y"], **attributes)],
        "same",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(w, "w")] if operator == "Conv" else [],
    )
    model = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 18)])
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(
        None, {"x": x}
    )[0]


@pytest.mark.parametrize("kind", list(OPERATORS))
def test_same_is_same_upper(kind: str, rng: np.random.Generator) -> None:
    for _ in range(40):
        window = tuple(int(k) for k in rng.integers(1, 6, 2))
        stride = tuple(int(k) for k in rng.integers(1, 5, 2))
        if kind != "conv2d" and (stride[0] > window[0] or stride[1] > window[1]):
            continue  # ONNX Runtime pads negatively there
        shape = (2, *(int(k) for k in rng.integers(5, 12, 2)))
        params = {"filters": 3, "use_bias": False, "kernel": window} if kind == "conv2d" else {"size": window}
        layer = LAYERS[kind](**params, stride=stride, padding="same")
        net = layer_net(layer, [shape], rng)
        net.cast("float32")
        x = rng.normal(size=(2, *shape)).astype(np.float32)
        ours = net.forward(context(training=False), x)
        theirs = judged(OPERATORS[kind], x, next(iter(net.stored.values()), None), window, stride)
        assert ours.shape == theirs.shape == (2, ours.shape[1], -(-shape[1] // stride[0]), -(-shape[2] // stride[1]))
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
