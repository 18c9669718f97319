"""Measurements of a training: of its very moment, its very next step, and never at its cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.data.dataset import Dataset, Split
from engine.declare import Spec
from engine.graph import Graph
from engine.training import Trainer
from engine.training.measuring import KINDS, Kind, Moment, NotPossibleError, Readouts, StoppedError, Watch, measure
from engine.training.timeline import Timeline
from tests.engine.training.nets import blobs, chain, mlp, project


def trained(graph: Graph, steps: int = 13, dataset: Dataset | None = None, **setup: Any) -> tuple[Trainer, Moment]:
    """A run so far, with all that is known of its past."""
    trainer, timeline = Trainer(project(graph, **setup), dataset or blobs(), backend="numpy"), Timeline()
    for k in range(steps):
        timeline.note(trainer, float(k))
        trainer.run_steps(1)
    timeline.note(trainer, float(steps))
    return trainer, replace(Moment.of(trainer), frames=timeline.before(trainer.step))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("steps", [0, 5, 9, 44])
def test_the_slice_is_of_the_step_that_comes(optimizer: str, steps: int) -> None:
    """Also at an epoch's end (9) and with dropout: its loss at 0 is the one that training records."""
    graph = mlp((4, 8, 3), dropout=0.3, batch_norm="before")
    trainer, moment = trained(graph, steps, optimizer=Spec(optimizer), dtype="float64")
    found: Any = measure("step", moment).result
    before = trainer.executable.weights()
    trainer.run_steps(1)
    view = trainer.columns.view
    assert found.along_step[0] == pytest.approx(float(view.loss[view.count - 1]), rel=1e-9)
    after = trainer.executable.weights()
    moved = [after[w.node, w.name] - before[w.node, w.name] for w in trainer.plan.weights]
    assert found.length == pytest.approx(np.sqrt(sum(np.sum(m**2) for m in moved)), rel=1e-9)
    if optimizer == "sgd":
        assert found.cosine == pytest.approx(1.0, rel=1e-9)
        assert found.along_gradient == pytest.approx(found.along_step, rel=1e-9)
    assert len(found.elsewhere) == len(found.multiples)


def test_the_slice_is_made_even_where_an_epoch_is_just_being_evaluated() -> None:
    trainer = Trainer(project(mlp((4, 8, 3)), dtype="float64"), blobs(), backend="numpy")
    while not trainer.busy_evaluating:
        trainer.advance(0.0, 1)
    found: Any = measure("step", Moment.of(trainer)).result
    trainer.run_steps(1)
    assert found.along_step[0] == pytest.approx(float(trainer.columns.view.loss[trainer.step - 1]), rel=1e-9)


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "filters"])
def test_nothing_of_the_training_is_touched(kind: Kind) -> None:
    trainer, moment = trained(mlp((4, 8, 3), dropout=0.2), optimizer=Spec("momentum"))
    twin, _ = trained(mlp((4, 8, 3), dropout=0.2), optimizer=Spec("momentum"))
    watch = Watch()
    done = measure(kind, moment, watch=watch)
    assert done.step == 13 and done.cost > 0 and done.kind == kind
    for t in (trainer, twin):
        t.run_steps(8)
    for key, value in twin.executable.weights().items():
        assert np.array_equal(value, trainer.executable.weights()[key])


@pytest.mark.parametrize("name", ["relu mlp", "cnn", "residual", "batch norm", "attention", "tokens"])
def test_every_drawn_network_is_measured_or_told_why_not(name: str) -> None:
    """No measurement fails otherwise; figures are finite."""
    if name == "tokens":
        graph = chain(
            ("input", {"size": (6,), "dtype": "int"}), ("embedding", {"vocabulary": 9, "width": 4}),
            ("multi_head_attention", {"heads": 2}), ("layer_norm", {}), ("flatten", {}),
            ("dense", {"units": 3, "dropout": 0.2}), ("output", {"loss": Spec("softmax_cross_entropy")}),
        )  # fmt: skip
    else:
        pytest.importorskip("torch")
        from tests.engine.probes.measurements.twin import NETS

        graph = NETS[name]()
    rng = np.random.default_rng(0)
    shape = dict(graph.nodes["n0"].params)["size"]
    x = rng.integers(0, 9, (90, *shape)) if name == "tokens" else rng.normal(size=(90, *shape)).astype(np.float32)
    y = rng.integers(0, 3, 90)
    splits = [Split({"x": x[a:b]}, {"y": y[a:b]}) for a, b in ((0, 64), (64, 80), (80, 90))]
    data = Dataset("noise", *splits, task="classes", class_names=("a", "b", "c"))
    _, moment = trained(graph, 10, data, optimizer=Spec("momentum", {"rate": 0.02}), batch_size=8)
    refused = set()
    for kind in KINDS:
        try:
            made: Any = measure(kind, moment).result
        except NotPossibleError as error:
            refused.add((kind, error.reason))
            continue
        if kind == "isometry":
            assert all(np.isfinite(j.so_far.mean_square) and j.so_far.mean_square > 0 for j in made)
        elif kind == "sharpness":
            assert made.value > 0 and made.error <= 1e-4 * made.value and made.limit == pytest.approx(190.0)
        elif kind == "plane":
            assert made.kind == "path" and np.isfinite(made.losses).all()
        elif kind == "readout":
            assert all(1 <= r.rank <= r.size for r in made.layers) and np.isfinite(made.cka).all()
        elif kind == "travel":
            assert (made.distances[:, -1] > 0).all()
    assert refused == (set() if name == "cnn" else {("filters", "no convolution")})


def test_each_refusal_has_its_reason() -> None:
    def reason(kind: Kind, moment: Moment) -> str:
        with pytest.raises(NotPossibleError) as caught:
            measure(kind, moment)
        return caught.value.reason

    _, moment = trained(mlp((4, 8, 3)))
    assert reason("filters", moment) == "no convolution"
    assert reason("travel", replace(moment, frames=())) == "no path"
    frozen = mlp((4, 8, 3))
    for node in list(frozen.nodes.values()):
        frozen = frozen.replace_node(replace(node, frozen=True))
    still = Moment.drawn(project(frozen), blobs())
    assert {reason(k, still) for k in ("step", "sharpness", "plane", "noise")} == {"no weights"}
    assert reason("noise", Moment.drawn(project(mlp((4, 3))), blobs(per_class=16))) == "few samples"
    lost = {k: np.full_like(v, np.nan) if k.startswith("weight") else v for k, v in moment.state.arrays.items()}
    assert reason("sharpness", replace(moment, state=replace(moment.state, arrays=lost))) == "diverged"
    stopped = replace(moment, project=project(mlp((4, 8, 3)), optimizer=Spec("sgd", {"rate": 0.0})))
    stopped = replace(stopped, state=replace(moment.state, scalars={**moment.state.scalars, "base_rate": 0.0}))
    assert reason("step", stopped) == "no step"


def test_before_any_run_the_initial_weights_are_measured() -> None:
    moment = Moment.drawn(project(mlp((4, 8, 3))), blobs())
    assert measure("sharpness", moment).step == 0
    plane: Any = measure("plane", moment).result
    assert plane.kind == "random" and plane.losses.shape == (21, 21)
    watch = Watch()
    watch.stop()
    with pytest.raises(StoppedError):
        measure("plane", moment, watch=watch)


def test_the_path_is_that_of_the_run() -> None:
    trainer, moment = trained(mlp((4, 8, 3)), 20)
    assert [s for s, _ in moment.path] == list(range(21))
    travel: Any = measure("travel", moment).result
    start = trained(mlp((4, 8, 3)), 0)[0].executable.weights()["n1", "weight"].astype(np.float64)
    now = trainer.executable.weights()["n1", "weight"].astype(np.float64)
    assert travel.distances[0, -1] == pytest.approx(np.linalg.norm(now - start) / np.linalg.norm(start), rel=1e-6)
    plane: Any = measure("plane", moment).result
    assert plane.kind == "path" and plane.steps == tuple(range(21))
    assert plane.path[-1] == pytest.approx([0, 0], abs=1e-12) and sum(plane.shares) > 0.8


def test_a_pass_keeps_within_its_memory_and_its_time() -> None:
    from engine.plan import build_plan
    from engine.training.measuring import FEWEST, LEAST, MEMORY, MOST, _room, pass_samples

    assert (pass_samples(100), pass_samples(1e12)) == (MOST, LEAST)
    wide = build_plan(mlp((4, 20_000, 3)))
    assert 0.5 * MEMORY < _room(wide) * 8 * (2 * 20_000 + 3) <= MEMORY
    image = ("input", {"size": (1, 512, 512)})
    conv = ("conv2d", {"filters": 64, "kernel": (1, 1)})
    deep = build_plan(chain(image, conv, conv, ("flatten", {}), ("dense", {"units": 2}), ("output", {})))
    assert _room(deep) == FEWEST


def test_an_earlier_moment_has_the_rate_of_its_step() -> None:
    trainer, timeline = Trainer(project(mlp((4, 8, 3)), schedule=Spec("cosine")), blobs(), backend="numpy"), Timeline()
    rates, weights = [], []
    for k in range(20):
        timeline.note(trainer, float(k))
        if k == 12:
            trainer.set_rate(0.03)
        rates.append(trainer.rate_at(trainer.step))
        weights.append(trainer.executable.weights())
        trainer.run_steps(1)
    for step in (0, 7, 12, 15):
        moment = Moment.at(trainer, timeline.state_at(trainer, step))
        assert moment.step == step and moment.rate == pytest.approx(rates[step], rel=1e-12)
        assert all(np.array_equal(v, weights[step][k]) for k, v in moment.weights.items())


def test_the_answer_appears_where_the_network_has_it() -> None:
    """Two interlocked classes: a line through the inputs cannot tell them apart, the trained hidden layer can."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (800, 2)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    splits = [Split({"x": x[a:b]}, {"y": y[a:b]}) for a, b in ((0, 500), (500, 700), (700, 800))]
    data = Dataset("xor", *splits, task="binary", class_names=("a", "b"))
    graph = mlp((2, 16, 1), loss="binary_cross_entropy")
    _, moment = trained(graph, 63 * 20, data, optimizer=Spec("adam", {"rate": 0.02}), epochs=20)
    found = measure("readout", moment).result
    assert isinstance(found, Readouts) and found.classes
    score = {r.node: r.score for r in found.layers}
    assert score["n0"] < 0.65 and score["n1"] > 0.9 and score["n2"] > 0.9
    assert 0.35 < found.guess < 0.65 and (found.fitted, found.judged) == (400, 200)


@pytest.mark.parametrize("norm", ["none", "before"])
def test_the_noise_scale_is_of_distinct_batches_of_the_training_set(norm: str) -> None:
    """The same batches by the executable's own gradients; with batch norm each uses its own statistics."""
    trainer, moment = trained(mlp((4, 8, 3), batch_norm=norm), 7, blobs(per_class=200), dtype="float64")
    found: Any = measure("noise", moment).result
    groups, small, large = found.groups, found.small, found.large
    assert (groups, small, large) == (11, 8, 32)
    rows = np.random.default_rng(7).permutation(len(trainer.dataset.train))[: groups * large].reshape(groups, 4, small)
    assert len(np.unique(rows)) == rows.size

    def square(picked: Any) -> float:
        x = {"x": trainer.dataset.train.x["x"][picked]}
        y = {k: v[picked] for k, v in trainer.targets.items()}
        seen = trainer.executable.gradients(x, y, training=True).weight_grads
        return float(sum(np.sum(g**2) for g in seen.values()))

    smaller = np.array([[square(r) for r in group] for group in rows])
    larger = np.array([square(group.ravel()) for group in rows])
    signal = np.mean((large * larger - small * smaller.mean(1)) / (large - small))
    noise = np.mean((smaller.mean(1) - larger) / (1 / small - 1 / large))
    assert (found.signal, found.noise) == (pytest.approx(signal, rel=1e-9), pytest.approx(noise, rel=1e-9))
    assert found.value == pytest.approx(noise / signal, rel=1e-9)


def test_without_held_out_samples_the_training_set_is_parted() -> None:
    """Labels by the toss of a coin: known by heart from the fitted half, unknown to the other."""
    rng = np.random.default_rng(0)
    every = Split({"x": rng.normal(size=(160, 300))}, {"y": rng.integers(0, 2, 160)})
    none = every.rows(slice(0, 0))
    data = Dataset("coins", every, none, none, task="binary", class_names=("a", "b"))
    found: Any = measure("readout", Moment.drawn(project(mlp((300, 4, 1), loss="binary_cross_entropy")), data)).result
    assert (found.fitted, found.judged) == (80, 80) and 0.3 < found.layers[0].score < 0.7


def test_values_are_read_out_by_r2() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = x @ rng.normal(size=(3, 2)) + 0.01 * rng.normal(size=(200, 2))
    splits = [Split({"x": x[a:b]}, {"y": y[a:b]}) for a, b in ((0, 120), (120, 200), (200, 200))]
    data = Dataset("plane", *splits, task="values")
    found: Any = measure("readout", Moment.drawn(project(mlp((3, 8, 2), loss="half_squared")), data)).result
    assert not found.classes and found.layers[0].score > 0.99 and found.guess == 0
