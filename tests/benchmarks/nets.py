"""The networks that the engine is measured on, as drawings; PyTorch's form is the one that the exporter writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.declare import Spec
from engine.graph import Edge, Graph, Node

CE, MSE = Spec("softmax_cross_entropy"), Spec("mse")


@dataclass(frozen=True)
class Net:
    """One measurement: a training step, or the inference of one batch."""

    graph: Graph
    batch: int
    optimizer: Spec
    classes: int = 10
    inference: bool = False
    must: float = 1.0
    aim: float = 1.0


def _chain(layers: Iterable[tuple[str, dict[str, Any]]]) -> Graph:
    graph = Graph()
    for k, (kind, params) in enumerate(layers):
        graph = graph.add_node(Node(f"n{k}", kind, f"{kind} {k}", params))
        if k:
            graph = graph.add_edge(Edge(f"n{k - 1}", f"n{k}"))
    return graph


def _mlp(sizes: tuple[int, ...], activation: str, loss: Spec, **dense: Any) -> Graph:
    hidden = [("dense", {"units": u, "activation": Spec(activation), **dense}) for u in sizes[1:-1]]
    ends = [("dense", {"units": sizes[-1]}), ("output", {"loss": loss})]
    return _chain([("input", {"size": (sizes[0],)}), *hidden, *ends])


def _lenet(pool: str = "max_pool2d", **conv: Any) -> Graph:
    settings = {"kernel": (3, 3), "padding": "same", "activation": Spec("relu"), **conv}
    return _chain([
        ("input", {"size": (1, 28, 28)}),
        ("conv2d", {"filters": 32, **settings}), (pool, {}),
        ("conv2d", {"filters": 64, **settings}), *([(pool, {})] if pool == "max_pool2d" else []),
        ("flatten", {}), ("dense", {"units": 128, "activation": Spec("relu")}), ("dense", {"units": 10}),
        ("output", {"loss": CE}),
    ])  # fmt: skip


def _normed(filters: int) -> tuple[str, dict[str, Any]]:
    return "conv2d", {
        "filters": filters, "kernel": (3, 3), "padding": "same", "use_bias": False, "batch_norm": "before",
        "activation": Spec("relu"),
    }  # fmt: skip


def _blocks() -> Graph:
    return _chain([
        ("input", {"size": (3, 32, 32)}), _normed(32), _normed(32), ("max_pool2d", {}), _normed(64), _normed(64),
        ("max_pool2d", {}), ("flatten", {}), ("dense", {"units": 10}), ("output", {"loss": CE}),
    ])  # fmt: skip


def _residual(blocks: int = 3, channels: int = 32) -> Graph:
    graph = _chain([("input", {"size": (3, 16, 16)}), _normed(channels)])
    last = "n1"
    for k in range(blocks):
        kind, params = _normed(channels)
        bare = {n: v for n, v in params.items() if n != "activation"}
        nodes = (("a", kind, params), ("b", kind, bare), ("add", "add", {}), ("relu", "relu", {}))
        for name, node_kind, given in nodes:
            graph = graph.add_node(Node(f"{name}{k}", node_kind, f"{name} {k}", given))
        for source, target in ((last, f"a{k}"), (f"a{k}", f"b{k}"), (f"b{k}", f"add{k}"), (last, f"add{k}")):
            graph = graph.add_edge(Edge(source, target))
        graph = graph.add_edge(Edge(f"add{k}", f"relu{k}"))
        last = f"relu{k}"
    for name, kind, params in (
        ("p", "global_avg_pool", {}),
        ("d", "dense", {"units": 10}),
        ("o", "output", {"loss": CE}),
    ):
        graph = graph.add_node(Node(name, kind, name, params)).add_edge(Edge(last, name))
        last = name
    return graph


def _transformer(places: int = 32, width: int = 64, heads: int = 4) -> Graph:
    """A pre-norm block: attention and a dense pair of four times the width, each beside a short cut."""
    nodes = (
        ("l1", "layer_norm", {}), ("m", "multi_head_attention", {"heads": heads}), ("a1", "add", {}),
        ("l2", "layer_norm", {}), ("u", "dense", {"units": 4 * width, "activation": Spec("gelu")}),
        ("d", "dense", {"units": width}), ("a2", "add", {}), ("f", "flatten", {}), ("h", "dense", {"units": 10}),
        ("o", "output", {"loss": CE}),
    )  # fmt: skip
    graph = Graph().add_node(Node("x", "input", "x", {"size": (places, width)}))
    for name, kind, params in nodes:
        graph = graph.add_node(Node(name, kind, name, params))
    for wire in ("x-l1", "l1-m", "x-a1", "m-a1", "a1-l2", "l2-u", "u-d", "a1-a2", "d-a2", "a2-f", "f-h", "h-o"):
        graph = graph.add_edge(Edge(*wire.split("-")))
    return graph


ADAM, SGD, MOMENTUM = Spec("adam"), Spec("sgd"), Spec("momentum")

NETS: dict[str, Net] = {
    "W1": Net(_mlp((2, 4, 2, 1), "tanh", MSE), 10, SGD, 0, must=0.01, aim=0.002),
    "W2": Net(_mlp((2, 8, 8, 8, 1), "tanh", MSE), 32, ADAM, 0, must=0.02, aim=0.004),
    "W3": Net(_mlp((784, 256, 128, 10), "relu", CE, batch_norm="before", dropout=0.2), 128, ADAM, must=0.5, aim=0.3),
    "W4": Net(_mlp((64,) * 51 + (10,), "sigmoid", CE), 128, SGD, must=0.4, aim=0.2),
    "W5": Net(_lenet(), 64, ADAM, must=0.45, aim=0.28),
    "W6": Net(_blocks(), 64, MOMENTUM, must=0.6, aim=0.35),
    "W7": Net(_residual(), 32, MOMENTUM, must=0.6, aim=0.35),
    "W8": Net(_lenet(), 1, ADAM, inference=True, must=0.5, aim=0.35),
    "W9": Net(_lenet("avg_pool2d", kernel=(5, 5), stride=(2, 2), padding="valid"), 64, ADAM, must=1.0, aim=0.7),
    "W10": Net(_transformer(), 32, ADAM, must=0.7, aim=0.48),
}

#: what is made larger, and how large
SCALES: dict[str, tuple[int, ...]] = {
    "batch": tuple(2**k for k in range(11)), "width": tuple(2**k for k in range(3, 12)),
    "depth": (2, 5, 10, 20, 50, 100, 200), "image": (8, 12, 16, 24, 32, 48, 64, 96, 128),
}  # fmt: skip


def _scaled_graph(kind: str, size: int) -> Graph:
    if kind == "batch":
        return _mlp((784, 256, 128, 10), "relu", CE)
    if kind == "width":
        return _mlp((64, size, size, 10), "relu", CE)
    if kind == "depth":
        return _mlp((*(64,) * (size + 1), 10), "tanh", CE)
    conv = {"kernel": (3, 3), "padding": "same", "activation": Spec("relu")}
    return _chain([
        ("input", {"size": (3, size, size)}), ("conv2d", {"filters": 16, **conv}), ("max_pool2d", {}),
        ("conv2d", {"filters": 32, **conv}), ("global_avg_pool", {}), ("dense", {"units": 10}),
        ("output", {"loss": CE}),
    ])  # fmt: skip


def scaled(name: str) -> Net:
    """A net of the table, or "kind=size" of SCALES."""
    kind, _, size = name.partition("=")
    if not size:
        return NETS[name]
    batch = {"batch": int(size), "image": 16}.get(kind, 64)
    return Net(_scaled_graph(kind, int(size)), batch, SGD)
