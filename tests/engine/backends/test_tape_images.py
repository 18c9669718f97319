"""Convolution, pooling and what stands between them on the tape, beside the reference, in every geometry."""

from __future__ import annotations

from typing import Any

import pytest

from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from tests.engine.backends.twins import compare
from tests.engine.training.nets import chain

CE = ("output", {"loss": Spec("softmax_cross_entropy")})
SGD, MOMENTUM = Spec("sgd", {"rate": 0.05}), Spec("momentum", {"rate": 0.02})


def cnn(
    activation: str, pool: str, pooling: dict[str, Any] | None = None, size: Any = (2, 13, 12), **conv: Any
) -> Graph:
    """conv, pool, conv, flatten, dense."""
    settings = {"filters": 5, "kernel": (3, 3), "activation": Spec(activation), **conv}
    return chain(
        ("input", {"size": size}), ("conv2d", settings), (pool, pooling or {}), ("conv2d", settings), ("flatten", {}),
        ("dense", {"units": 3}), CE,
    )  # fmt: skip


def residual(channels: int = 6) -> Graph:
    """conv - (conv, skip) - add - activation - concat with the first - global pool - dense."""
    conv = {"filters": channels, "kernel": (3, 3), "padding": "same", "batch_norm": "before", "use_bias": False}
    graph = chain(("input", {"size": (3, 8, 8)}), ("conv2d", conv), ("tanh", {}), ("conv2d", conv))
    for node, kind, params in (
        ("a", "add", {}),
        ("t", "tanh", {}),
        ("c", "concat", {}),
        ("p", "global_avg_pool", {}),
        ("d", "dense", {"units": 3}),
        ("o", *CE),
    ):
        graph = graph.add_node(Node(node, kind, node, params))
    wires = (("n3", "a"), ("n2", "a"), ("a", "t"), ("t", "c"), ("n1", "c"), ("c", "p"), ("p", "d"), ("d", "o"))
    for source, target in wires:
        graph = graph.add_edge(Edge(source, target))
    return graph


def flat_and_back() -> Graph:
    """Everything that may follow a flattened image: dropout, activation, batch norm, reshape to an image."""
    conv = {"filters": 3, "kernel": (3, 3), "padding": "same"}
    return chain(
        ("input", {"size": (2, 6, 4)}), ("conv2d", conv), ("flatten", {}), ("dropout", {"rate": 0.25}), ("tanh", {}),
        ("batch_norm", {}), ("reshape", {"target": (4, 6, 3)}), ("conv2d", {"filters": 4, "kernel": (2, 2)}),
        ("reshape", {"target": (40,)}), ("dense", {"units": 3}), CE,
    )  # fmt: skip


NETS: dict[str, tuple[Graph, Spec, tuple[str, ...]]] = {
    "valid": (cnn("tanh", "avg_pool2d"), SGD, ()),
    "same, max": (cnn("tanh", "max_pool2d", padding="same"), MOMENTUM, ()),
    "wide": (cnn("tanh", "max_pool2d", size=(3, 12, 12), padding="same", filters=40), SGD, ()),
    "kernel 1": (cnn("tanh", "avg_pool2d", kernel=(1, 1)), SGD, ()),
    "kernel 5 x 2": (cnn("tanh", "avg_pool2d", size=(2, 14, 9), kernel=(5, 2)), SGD, ()),
    "stride 2": (cnn("tanh", "avg_pool2d", size=(2, 35, 33), kernel=(5, 5), stride=(2, 2)), SGD, ()),
    "stride 2 same": (cnn("tanh", "avg_pool2d", stride=(2, 2), padding="same"), SGD, ()),
    "stride 3 x 2, kernel 2 x 3": (cnn("tanh", "avg_pool2d", kernel=(2, 3), stride=(3, 2), padding="same"), SGD, ()),
    "stride beyond the kernel": (cnn("tanh", "avg_pool2d", size=(2, 20, 20), kernel=(2, 1), stride=(3, 2)), SGD, ()),
    "dilation": (cnn("tanh", "avg_pool2d", padding="same", dilation=(2, 3)), SGD, ()),
    "dilation and stride": (cnn("tanh", "avg_pool2d", padding="same", dilation=(2, 3), stride=(2, 2)), SGD, ()),
    "overlapping max": (cnn("tanh", "max_pool2d", {"size": (3, 3), "stride": (2, 2), "padding": "same"}), SGD, ()),
    "overlapping mean": (cnn("tanh", "avg_pool2d", {"size": (3, 2), "stride": (1, 2), "padding": "same"}), SGD, ()),
    "no bias, penalised": (cnn("tanh", "avg_pool2d", use_bias=False, l1=0.001, l2=0.01), Spec("adam"), ()),
    "dropout": (cnn("tanh", "avg_pool2d", padding="same", dropout=0.3), SGD, ()),
    "norm": (cnn("tanh", "avg_pool2d", padding="same", batch_norm="before", use_bias=False), SGD, ()),
    "prelu": (cnn("prelu", "avg_pool2d", padding="same"), SGD, ()),
    "residual": (residual(), SGD, ()),
    "flat and back": (flat_and_back(), SGD, ("bias",)),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", NETS)
def test_ten_steps_beside_the_reference(name: str, threads: int) -> None:
    graph, optimizer, idle = NETS[name]
    compare(graph, optimizer, threads, idle)


def tiled(first: int, second: int, size: tuple[int, int, int]) -> tuple[Graph, Spec]:
    """Two convolutions that Winograd's tiles take, on images that they do not fit into evenly."""
    conv = {"kernel": (3, 3), "padding": "same", "activation": Spec("tanh")}
    graph = chain(
        ("input", {"size": size}), ("conv2d", {"filters": first, **conv}), ("conv2d", {"filters": second, **conv}),
        ("avg_pool2d", {}), ("flatten", {}), ("dense", {"units": 3}), CE,
    )  # fmt: skip
    return graph, SGD


TILED = {
    "8 to 16 to 32": tiled(16, 32, (8, 9, 10)),
    "32 to 16": tiled(32, 16, (3, 13, 7)),
    "48 to 48": tiled(48, 48, (1, 4, 5)),
    "24 to 16, direct before": tiled(24, 16, (16, 8, 8)),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("winograd", [0, 2, 4])
@pytest.mark.parametrize("name", TILED)
def test_tiles_beside_the_reference(name: str, winograd: int, threads: int) -> None:
    compare(*TILED[name], threads, winograd=winograd)
