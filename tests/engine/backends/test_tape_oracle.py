"""The kernels beside a slow interpreter of the very same tape, on drawn nets and on random ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.backends.tape import opcodes as o
from engine.backends.tape.compiler import Compiler
from engine.backends.tape.executable import TapeExecutable
from engine.backends.tape.oracle import Oracle
from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from tests.engine.backends.test_tape_dense import NETS as DENSE
from tests.engine.backends.test_tape_images import NETS as IMAGES
from tests.engine.backends.test_tape_images import TILED
from tests.engine.backends.test_tape_tokens import NETS as TOKENS
from tests.engine.backends.twins import data, tape


@pytest.fixture(autouse=True)
def one_place_for_each_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle takes a row for the whole batch at once."""
    monkeypatch.setattr(Compiler, "sharing", False)


GRAPHS: dict[str, tuple[Graph, Spec]] = {**DENSE, **TOKENS, **{k: v[:2] for k, v in IMAGES.items()}}
BATCH = 6
SMOOTH = ("tanh", "sigmoid", "gelu", "elu", "linear")


def random_graph(rng: np.random.Generator) -> tuple[Graph, Spec]:
    """A drawing of 3 to 12 layers with branches: every step takes a value or two that are there and fit."""
    graph = Graph().add_node(Node("i", "input", "i", {"size": (int(rng.integers(1, 4)), 9, 8)}))
    images = ["i"]
    for k in range(int(rng.integers(1, 6))):
        kind = str(
            rng.choice(["conv2d", "conv2d", "avg_pool2d", "max_pool2d", "add", "concat", "batch_norm", "dropout"])
        )
        source = images[int(rng.integers(len(images)))]
        conv = {
            "filters": int(rng.integers(1, 20)),
            "kernel": (int(rng.integers(1, 4)), int(rng.integers(1, 4))),
            "padding": "same",
            "stride": (int(rng.integers(1, 3)), 1),
            "activation": Spec(str(rng.choice(SMOOTH))),
        }
        pool = {"size": (2, 2), "stride": (1, 1), "padding": "same"}
        params = {"conv2d": conv, "avg_pool2d": pool, "max_pool2d": pool, "dropout": {"rate": 0.2}}.get(kind, {})
        name = f"m{k}"
        graph = graph.add_node(Node(name, kind, name, params)).add_edge(Edge(source, name))
        if kind in ("add", "concat"):
            graph = graph.add_node(Node(f"t{k}", "tanh", f"t{k}", {})).add_edge(Edge(source, f"t{k}"))
            graph = graph.add_edge(Edge(f"t{k}", name))
        images.append(name)
    last = images[-1]
    flat = str(rng.choice(["flatten", "global_avg_pool"]))
    units = {"units": int(rng.integers(2, 40)), "activation": Spec("tanh"), "dropout": 0.1, "l2": 0.01}
    head = {"loss": Spec("softmax_cross_entropy")}
    for name, kind, params in (
        ("f", flat, {}),
        ("h", "dense", units),
        ("d", "dense", {"units": 3}),
        ("o", "output", head),
    ):
        graph = graph.add_node(Node(name, kind, name, params)).add_edge(Edge(last, name))
        last = name
    return graph, Spec(str(rng.choice(["sgd", "momentum", "adam", "rmsprop", "adagrad"])))


def judge(made: TapeExecutable) -> None:
    """Two training steps and one evaluation from equal arenas; everything in the arena must agree."""
    x, y = data(made.plan, 3 * BATCH)
    made.bind(x, y)
    made.train(np.arange(BATCH)[None, :], np.array([0.01]), 0)
    for step in (1, 2):
        judged(made, "train", np.arange(BATCH) + step * BATCH, step)
    judged(made, "evaluate", np.arange(BATCH), 0)


def incomparable(rows: Any, samples: int) -> Iterator[tuple[int, int]]:
    """A kernel's scratch, made block by block, and who won a pool, which may hang on the last bit."""
    for t in rows:
        if (t[0], t[1]) == (o.NORM, o.SUMS):
            yield t[12] + 6 * t[10], t[12] + 8 * t[10]
        if t[0] == o.WINOGRAD and t[1] in (o.TILES, o.TILES_DW):
            yield t[16], t[16] + t[17]
        if t[0] == o.ATTENTION and t[1] != o.MIX:
            yield t[11], t[11] + t[12]
        if (t[0], t[1]) == (o.POOL, o.MAX_POOL):
            yield t[19], t[19] + samples * t[8] * t[11] * t[12]


def judged(made: TapeExecutable, mode: str, rows: Any, step: int) -> None:
    machine = made._machine
    oracle = Oracle(machine.program, machine.arena, made._data.arrays)
    rates = np.array([0.01])
    scalars, keys = made.scalars(rates, step, BATCH), made._keys(step, 1)
    figures = machine.run(mode, made._data, rows[None, :], 1, scalars, keys)
    streams = [] if keys is None else [int(v) for v in keys[0]]
    oracle.step(mode, rows, list(scalars[0]), streams, len(made.plan.weights))
    assert figures.done == 1 and figures.stop == 0
    np.testing.assert_allclose(figures.loss[0], oracle.loss, rtol=1e-4)
    np.testing.assert_allclose(figures.penalty[0], oracle.penalty, rtol=1e-4)
    assert figures.hits[0] == oracle.hits
    np.testing.assert_allclose(figures.norms[0, : len(oracle.norms)], oracle.norms, rtol=2e-3, atol=1e-5)
    for first, last in incomparable(machine.program.tapes["train"], machine.capacity):
        machine.arena[first:last] = oracle.arena[first:last] = 0
    scale = np.maximum(np.abs(oracle.arena), 1e-2)
    worst = int(np.argmax(np.abs(machine.arena - oracle.arena) / scale))
    assert abs(machine.arena[worst] - oracle.arena[worst]) <= 5e-3 * scale[worst], f"{mode}: float {worst}"


@pytest.mark.parametrize("name", GRAPHS)
def test_drawn_nets(name: str) -> None:
    graph, optimizer = GRAPHS[name]
    with tape(graph, optimizer) as made:
        judge(made)


@pytest.mark.parametrize("winograd", [2, 4])
@pytest.mark.parametrize("name", TILED)
def test_tiles(name: str, winograd: int) -> None:
    with tape(*TILED[name], winograd=winograd) as made:
        assert any(row[0] == o.WINOGRAD for row in made._machine.program.tapes["train"])
        judge(made)


@pytest.mark.parametrize("number", range(40))
def test_random_nets(number: int) -> None:
    graph, optimizer = random_graph(np.random.default_rng(number))
    with tape(graph, optimizer) as made:
        judge(made)
