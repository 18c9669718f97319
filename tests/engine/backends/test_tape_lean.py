"""Tapes that leave values out, share places, or run their lanes on fewer workers: the very same bits as those that keep
everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.backends import DivergedError
from engine.backends.tape import crew, pace, program
from engine.backends.tape.executable import TapeExecutable
from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from tests.engine.backends.test_tape_images import NETS as IMAGES
from tests.engine.backends.test_tape_images import TILED
from tests.engine.backends.test_tape_tokens import NETS as SEQUENCES
from tests.engine.backends.twins import BATCH, STEPS, data, tape
from tests.engine.training.nets import chain, mlp


def residual() -> Graph:
    """Two convolutions with batch norm beside a short cut, ReLU behind the sum, twice; then ReLU before a max pool."""
    conv = {"filters": 16, "kernel": (3, 3), "padding": "same", "use_bias": False, "batch_norm": "before"}
    graph = chain(("input", {"size": (3, 8, 8)}), ("conv2d", {**conv, "activation": Spec("relu")}))
    last = "n1"
    for k in range(2):
        nodes = (("a", "conv2d", {**conv, "activation": Spec("relu")}), ("b", "conv2d", conv), ("s", "add", {}))
        for name, kind, params in (*nodes, ("r", "relu", {})):
            graph = graph.add_node(Node(f"{name}{k}", kind, f"{name} {k}", params))
        wires = ((last, f"a{k}"), (f"a{k}", f"b{k}"), (f"b{k}", f"s{k}"), (last, f"s{k}"), (f"s{k}", f"r{k}"))
        for source, target in wires:
            graph = graph.add_edge(Edge(source, target))
        last = f"r{k}"
    ends = (("c", "conv2d", {"filters": 5, "kernel": (3, 3), "activation": Spec("relu")}), ("p", "max_pool2d", {}),
            ("f", "flatten", {}), ("d", "dense", {"units": 3}),
            ("o", "output", {"loss": Spec("softmax_cross_entropy")}))  # fmt: skip
    for name, kind, params in ends:
        graph = graph.add_node(Node(name, kind, name, params)).add_edge(Edge(last, name))
        last = name
    return graph


def overlapping() -> Graph:
    """ReLU before a max pool whose windows overlap."""
    return chain(
        ("input", {"size": (2, 9, 9)}),
        ("conv2d", {"filters": 17, "kernel": (3, 3), "padding": "same", "activation": Spec("relu")}),
        ("max_pool2d", {"size": (3, 3), "stride": (2, 2), "padding": "same"}), ("flatten", {}),
        ("dense", {"units": 20, "activation": Spec("relu")}), ("dense", {"units": 3}),
        ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip


def bent() -> Graph:
    """GELU behind a convolution, a batch norm, a dense layer, and behind tanh, whose slope is told from its output."""
    return chain(
        ("input", {"size": (2, 6, 7)}),
        ("conv2d", {"filters": 9, "kernel": (3, 3), "padding": "same", "activation": Spec("gelu")}),
        ("conv2d", {"filters": 5, "kernel": (3, 3), "batch_norm": "before", "activation": Spec("gelu")}), ("tanh", {}),
        ("gelu", {}), ("flatten", {}), ("dense", {"units": 19, "activation": Spec("gelu")}), ("dense", {"units": 3}),
        ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip


GRAPHS: dict[str, tuple[Graph, Spec]] = {
    **{k: v[:2] for k, v in IMAGES.items()}, **TILED,
    "residual": (residual(), Spec("momentum", {"rate": 0.05})),
    "overlapping": (overlapping(), Spec("adam")),
    "dense": (mlp((4, 40, 20, 3), activation="relu", batch_norm="before", dropout=0.2), Spec("adam")),
    "gelu": (bent(), Spec("adam")),
    **{name: SEQUENCES[name] for name in ("block", "causal", "one head, wide", "sixteens")},
    **{name: (mlp((4, 40, 33, 20, 3), activation=name), Spec("sgd", {"rate": 0.1}))
       for name in ("relu", "sigmoid", "tanh")},
}  # fmt: skip


def trained(made: TapeExecutable, *, keep: bool) -> Any:
    """All steps in one call, or one by one with every value kept."""
    x, y = data(made.plan, STEPS * BATCH)
    made.bind(x, y)
    rows = np.random.default_rng(1).permutation(STEPS * BATCH).reshape(STEPS, BATCH)
    rates = np.full(STEPS, made.optimizer.rate)
    if not keep:
        return made.train(rows, rates, 0).loss
    return np.concatenate([made.train(rows[k : k + 1], rates[k : k + 1], k, keep=True).loss for k in range(STEPS)])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", GRAPHS)
def test_left_out_values_change_no_bit(name: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "SINGLE", 0)
    with tape(*GRAPHS[name], threads) as lean, tape(*GRAPHS[name], threads) as whole:
        np.testing.assert_array_equal(trained(lean, keep=False), trained(whole, keep=True))
        left, right = lean.weights(), whole.weights()
        assert all(np.array_equal(left[k], right[k]) for k in left)
        x, y = data(lean.plan, 20, seed=4)
        shown = lean.plan.heads[0].shown
        every = [shown, lean.plan.steps[0].output]
        np.testing.assert_array_equal(lean.forward(x, [shown])[shown], lean.forward(x, every)[shown])
        np.testing.assert_array_equal(lean.evaluate(x, y).per_sample, whole.evaluate(x, y, 3).per_sample)


def test_images_that_pass_through_share_their_places() -> None:
    """Of W5's kind: what lies between convolution and pool, and all gradients of images."""
    graph = chain(
        ("input", {"size": (1, 28, 28)}),
        ("conv2d", {"filters": 32, "kernel": (3, 3), "padding": "same", "activation": Spec("relu")}),
        ("max_pool2d", {}), ("flatten", {}), ("dense", {"units": 3}),
        ("output", {"loss": Spec("softmax_cross_entropy")}),
    )  # fmt: skip
    with tape(graph, threads=2) as made:
        trained(made, keep=False)
        machine = made._machine
        assert np.any(machine.program.drifts["train"]) and not np.any(machine.program.drifts["kept"])
        whole = sum(s.extent for s in made._compiler._stores.values()) * machine.capacity
        untouched = made._compiler._stores[made.plan.steps[0].output]
        assert not machine.arena[untouched.base : untouched.base + untouched.extent * machine.capacity].any()
        assert made._compiler._places.each * 2 < whole


@pytest.mark.parametrize("name", ["dense", "residual", "sigmoid"])
def test_workers_change_no_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for workers in (1, 3):
        monkeypatch.setattr(pace.Pace, "choose", lambda self, mode, batch, lanes, w=workers: min(lanes, w))
        with tape(*GRAPHS[name], 3) as made:
            found.append((trained(made, keep=False), made.weights()))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert all(np.array_equal(v, found[1][1][k]) for k, v in found[0][1].items())


#: orders in which the workers of a crew come to work, each alone
ALONE: dict[str, Callable[[Callable[[int], int], int], int]] = {
    "nobody else comes": lambda work, threads: work(0),
    "the others come late": lambda work, threads: {k: work(k) for k in range(threads)}[0],
    "the caller comes late": lambda work, threads: {k: work(k) for k in reversed(range(threads))}[0],
}


@pytest.mark.parametrize("order", ALONE)
@pytest.mark.parametrize("name", ["dense", "residual"])
def test_who_is_away_holds_up_nobody_and_changes_no_bit(
    name: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace.Pace, "choose", lambda self, mode, batch, lanes: lanes)
    found = []
    for run in (None, ALONE[order]):
        if run is not None:
            monkeypatch.setattr(crew.Crew, "run", lambda self, work, threads, run=run: run(work, threads))
        with tape(*GRAPHS[name], 3) as made:
            found.append((trained(made, keep=False), made.weights()))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert all(np.array_equal(v, found[1][1][k]) for k, v in found[0][1].items())


@pytest.mark.parametrize("order", ALONE)
def test_a_stop_is_told_with_its_step_by_whoever_comes_late(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace.Pace, "choose", lambda self, mode, batch, lanes: lanes)
    monkeypatch.setattr(crew.Crew, "run", lambda self, work, threads: ALONE[order](work, threads))
    for spoiled in ("data", "rate"):
        with tape(*GRAPHS["dense"], 3) as made:
            x, y = data(made.plan, 6 * BATCH)
            rates = np.full(6, made.optimizer.rate)
            if spoiled == "data":
                x["x"][3 * BATCH + 1] = np.nan
            else:
                rates[3] = np.inf
            made.bind(x, y)
            with pytest.raises(DivergedError) as caught:
                made.train(np.arange(6 * BATCH).reshape(6, BATCH), rates, 0)
        assert caught.value.step == 3 and caught.value.done is not None and len(caught.value.done.loss) == 3


def paced(made: pace.Pace, seconds: dict[int, float], runs: int) -> list[int]:
    """The workers of so many runs that take so long."""
    taken = []
    for _ in range(runs):
        taken.append(made.choose("train", 8, 2))
        made.learn("train", 8, taken[-1], seconds[taken[-1]])
    return taken


def test_the_faster_number_of_workers_is_taken_and_the_other_tried_again() -> None:
    made = pace.Pace()
    taken = paced(made, {2: 3.0, 1: 1.0}, 200)
    assert set(taken[:4]) == {1, 2} and taken.count(1) >= 190 and taken[5:].count(2) >= 4
    assert paced(made, {2: 3.0, 1: 9.0}, 20)[6:].count(2) >= 13 and made.choose("train", 8, 1) == 1
    assert made.taken[1] + made.taken[2] == 220


def test_a_first_run_on_untouched_memory_decides_nothing() -> None:
    made = pace.Pace()
    made.learn("train", 8, made.choose("train", 8, 2), 50.0)
    taken = paced(made, {2: 1.0, 1: 1.9}, 100)
    assert taken.count(1) <= 5 and made.choose("train", 8, 2) == 2


def test_a_machine_that_grows_quiet_is_noticed_within_few_runs() -> None:
    made = pace.Pace()
    paced(made, {2: 9.0, 1: 2.0}, 60)
    taken = paced(made, {2: 1.0, 1: 2.0}, 60)
    assert taken[-15:].count(2) >= 14 and taken.index(2) + 3 <= 45


def test_one_lucky_run_wins_for_a_moment_only() -> None:
    made = pace.Pace()
    paced(made, {2: 1.0, 1: 1.9}, 60)
    while made.choose("train", 8, 2) == 2:
        made.learn("train", 8, 2, 1.0)
    made.learn("train", 8, 1, 0.5)
    assert paced(made, {2: 1.0, 1: 1.9}, 12)[-8:].count(2) >= 7
