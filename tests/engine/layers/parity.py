"""A layer's exported forms run by the library they are written for, on our weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from engine.declare import Spec
from engine.graph import Edge, Graph, Node, Project
from engine.layers import Layer, Step
from engine.primitives import Context, Shape
from engine.primitives.gaussian_noise import GaussianNoise
from tests.engine.run_program import Net, kinds


def layer_graph(layer: Layer, shapes: Sequence[Shape]) -> Graph:
    """Inputs "x0", "x1", ... -> the layer as node "n" -> an Output."""
    graph = Graph().add_node(Node("n", layer.id, "n", layer.changed()))
    for k, (shape, kind) in enumerate(zip(shapes, kinds(layer, len(shapes)), strict=True)):
        params = {"size": shape, "field": f"x{k}", "dtype": kind}
        graph = graph.add_node(Node(f"in{k}", "input", f"in{k}", params))
        port = layer.inputs[min(k, len(layer.inputs) - 1)].name
        graph = graph.add_edge(Edge(f"in{k}", "n", port))
    graph = graph.add_node(Node("out", "output", "out", {"loss": Spec("mse")}))
    return graph.add_edge(Edge("n", "out"))


def torch_module(layer: Layer, shapes: Sequence[Shape], net: Net, dtype: str) -> tuple[Any, dict[str, str]]:
    """(the exported module with our weights, its state name -> our weight name)."""
    import torch

    from engine.files.torch_text import module_text

    export = module_text(layer_graph(layer, shapes))
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(export.text, "<exported>", "exec"), space)
    module = space["Net"]().to(getattr(torch, dtype))
    ours = {theirs: name for theirs, (_, name) in export.weights.items()}
    state = {theirs: torch.from_numpy(net.stored[net.names[name]].copy()) for theirs, name in ours.items()}
    missing, unexpected = module.load_state_dict(state, strict=False)
    assert not unexpected and all("num_batches_tracked" in m for m in missing), (missing, unexpected)
    assert sorted(ours.values()) == sorted(net.names), "every weight and statistic of ours has its place in the module"
    return module, ours


def inject_randomness(module: Any, net: Net, batch: int, ctx: Context) -> None:
    """Our dropout masks into the module's nn.Dropout layers, and our noise in place of torch.randn_like, in order."""
    import torch

    class Masked(torch.nn.Module):
        def __init__(self, factors: NDArray[Any]) -> None:
            super().__init__()
            self.factors = torch.from_numpy(factors)

        def forward(self, x: Any) -> Any:
            return x * self.factors.to(x.dtype) if self.training else x

    def drawn(step: Step, fill: float) -> NDArray[Any]:
        return step.primitive.forward(ctx, np.full((batch, *net.program.values[step.inputs[0]].shape), fill))[0]

    steps = [s for s in net.program.steps if s.primitive.id == "dropout"]
    names = [n for n, m in module.named_children() if type(m).__name__.startswith("Dropout")]
    for step, name in zip(steps, names, strict=True):
        setattr(module, name, Masked(drawn(step, 1.0)))
    noisy = [s for s in net.program.steps if isinstance(s.primitive, GaussianNoise)]
    noises = [torch.from_numpy(drawn(s, 0.0) / (s.primitive.deviation or 1.0)) for s in noisy]
    forward = module.forward

    def with_noise(*x: Any) -> Any:
        left = list(noises)
        with patch.object(torch, "randn_like", lambda like: left.pop(0).to(like.dtype)):
            return forward(*x)

    module.forward = with_noise


def onnx_outputs(layer: Layer, shapes: Sequence[Shape], net: Net, x: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """What ONNX Runtime makes of the exported model, in float32."""
    import onnxruntime

    from engine.files.onnx_graph import export_onnx

    weights = {("n", name): net.stored[value] for name, value in net.names.items()}
    model = export_onnx(Project(layer_graph(layer, shapes)), weights)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feeds = {f"x{k}": v if v.dtype.kind == "i" else v.astype(np.float32) for k, v in enumerate(x)}
    found: NDArray[Any] = session.run(None, feeds)[0]
    return found


def keras_outputs(
    layer: Layer, shapes: Sequence[Shape], net: Net, x: Sequence[NDArray[Any]], path: Any
) -> NDArray[Any]:
    """What Keras makes of the exported text, in float32, with the weights loaded by that text's own loader."""
    from safetensors.numpy import save_file

    from engine.files.keras_text import export_keras

    text = export_keras(Project(layer_graph(layer, shapes))).text
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "<exported>", "exec"), space)
    model = space["build"]()
    stored = {f"n/{name}": np.ascontiguousarray(net.stored[v], np.float32) for name, v in net.names.items()}
    save_file(stored, path)
    space["load_weights"](model, path)
    feeds = [v if v.dtype.kind == "i" else v.astype(np.float32) for v in x]
    found = model(feeds)
    return np.asarray(found.detach().cpu().numpy() if hasattr(found, "detach") else found)
