"""Small histograms on cards: every value of small tensors, an even share of large; who is not asked pays nothing."""

from __future__ import annotations

import numpy as np
import pytest

from engine.declare import Spec
from engine.probes import ProbeRequest, capture
from engine.probes.capture import node_spreads
from engine.probes.snapshot import SPREAD_VALUES
from engine.training import Trainer
from tests.engine.training.nets import blobs, chain, project

NET = chain(
    ("input", {"size": (36,)}),
    ("dense", {"units": 24, "activation": Spec("tanh")}),
    ("dense", {"units": 512, "activation": Spec("relu")}),
    ("dense", {"units": 3}),
    ("output", {"loss": Spec("softmax_cross_entropy")}),
)


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    made = Trainer(project(NET), blobs(features=36), backend="numpy")
    made.advance(1.0, 1, keep=True)
    return made


def test_counts_are_of_what_the_layer_hands_on(trainer: Trainer) -> None:
    last = trainer.executable.last()
    assert last is not None
    found = node_spreads(trainer.plan, last, ("n1",))["n1"]
    values = last.values[trainer.plan.outputs["n1"]].ravel().astype(np.float64)
    assert found.counts.sum() == values.size
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    inner, _ = np.histogram(values, np.linspace(found.low, found.high, len(found.counts) + 1)[1:-1])
    # NumPy closes the last bin at its right; no value falls on that edge here.
    assert found.counts[1:-1].tolist() == inner.tolist()


def test_a_large_layer_is_taken_evenly_over_all_its_units(trainer: Trainer) -> None:
    last = trainer.executable.last()
    assert last is not None
    value = trainer.plan.outputs["n2"]
    units = np.broadcast_to(np.arange(512.0), (64, 512))
    wide = type(last)(last.step, last.rows, {**last.values, value: units}, last.grads, last.weight_grads, last.updates)
    found = node_spreads(trainer.plan, wide, ("n2",))["n2"]
    assert SPREAD_VALUES / 3 < found.counts.sum() <= SPREAD_VALUES
    assert (found.minimum, found.maximum) == (0.0, 511.0) and found.counts[1:-1].min() > 0.9 * found.counts[1:-1].max()


def test_nobody_else_pays(trainer: Trainer) -> None:
    last = trainer.executable.last()
    asked = ProbeRequest(frozenset({"layers", "spreads"}), near=frozenset({"n1", "gone"}))
    assert set(capture(trainer.executable, asked, last, 1, 0).spreads) == {"n1"}
    plain = ProbeRequest(frozenset({"layers"}), near=frozenset({"n1"}))
    assert not capture(trainer.executable, plain, last, 1, 0).spreads


def test_a_sketch_has_the_shape_the_size_and_the_ends_of_all_values(trainer: Trainer) -> None:
    last = trainer.executable.last()
    wanted = frozenset({"layers", "histograms"})
    whole = capture(trainer.executable, ProbeRequest(wanted), last, 1, 0).layers
    rough = capture(trainer.executable, ProbeRequest(wanted, sketch=2048), last, 1, 0).layers
    assert rough[0].histograms["weights"].counts.tolist() == whole[0].histograms["weights"].counts.tolist()
    for name in ("weights", "activations"):
        large, sketched = (found[1].histograms[name] for found in (whole, rough))
        assert abs(sketched.counts.sum() - large.counts.sum()) <= len(large.counts)
        assert (sketched.minimum, sketched.maximum) == (large.minimum, large.maximum)
        assert sketched.counts.tolist() != large.counts.tolist()
        gap = np.cumsum(sketched.counts - large.counts) / large.counts.sum()
        assert np.abs(gap).max() < 0.05
