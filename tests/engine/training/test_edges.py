"""Where data and networks are at their least usual: one sample, empty splits, heads that share labels, frozen nets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.data.dataset import Dataset, Split
from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from engine.training import Trainer
from engine.training.targets import InputError
from tests.engine.training.nets import blobs, chain, mlp, project


def cut(data: Dataset, train: int, held: int | None = None) -> Dataset:
    """The first samples of each split."""
    parts = {"train": train, "validation": held, "test": held}
    return replace(data, **{name: data.split(name).rows(slice(0, n)) for name, n in parts.items()})


def values(data: Dataset) -> Dataset:
    """The same inputs, with two of their columns to be predicted."""
    parts = {s: Split(data.split(s).x, {"y": data.split(s).x["x"][:, :2]}) for s in ("train", "validation", "test")}
    return replace(data, task="values", class_names=(), **parts)


def two_heads(first: str, second: str, weight: float = 1.0) -> Graph:
    """A net of three classes with a second head at its hidden layer."""
    graph = mlp((4, 8, 3), loss=first)
    graph = graph.add_node(Node("h", "dense", "second", {"units": 3}))
    graph = graph.add_node(Node("o", "output", "second output", {"loss": Spec(second), "weight": weight}))
    return graph.add_edge(Edge("n1", "h")).add_edge(Edge("h", "o"))


def trained(graph: Graph, data: Dataset, **setup: Any) -> Trainer:
    trainer = Trainer(project(graph, **setup), data, backend="numpy")
    trainer.run()
    return trainer


def test_a_batch_larger_than_the_data_is_all_of_it() -> None:
    data = blobs()
    large = trained(mlp((4, 8, 3)), data, batch_size=1000, shuffle=False)
    exact = trained(mlp((4, 8, 3)), data, batch_size=len(data.train), shuffle=False)
    assert large.step == large.setup.epochs == 5
    np.testing.assert_array_equal(large.columns.view.loss[:5], exact.columns.view.loss[:5])


@pytest.mark.parametrize("batch_norm", ["none", "before"])
@pytest.mark.parametrize("samples", [1, 9])  # 9 in batches of 8: the last batch is one sample
def test_batches_of_one_sample_keep_every_weight_and_statistic_finite(samples: int, batch_norm: str) -> None:
    trainer = trained(mlp((4, 8, 3), batch_norm=batch_norm), cut(blobs(), samples))
    assert trainer.stopped == "epochs" and trainer.step == 5 * -(-samples // 8)
    assert all(np.isfinite(w).all() for w in trainer.executable.weights().values())


def test_without_held_out_samples_the_training_loss_is_watched() -> None:
    trainer = trained(mlp((4, 8, 3)), cut(blobs(), 40, 0), epochs=50, target_loss=0.4)
    assert trainer.stopped == "target" and trainer.test_result is None
    assert np.isnan(trainer.epochs[-1].validation_loss) and trainer.epochs[-1].train_loss <= 0.4


@pytest.mark.parametrize("task", ["classes", "values"])
def test_an_empty_split_has_no_figures(task: str) -> None:
    data = blobs() if task == "classes" else values(blobs())
    graph = mlp((4, 8, 3)) if task == "classes" else mlp((4, 8, 2), loss="mse")
    result = Trainer(project(graph), cut(data, 40, 0), backend="numpy").evaluate("validation")
    assert np.isnan(result.loss) and not result.metrics and not len(result.evaluation.per_sample)


def test_nothing_to_train_on_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="input 'n0' expects at least 1 sample to train on, but the data has none"):
        Trainer(project(mlp((4, 8, 3))), cut(blobs(), 0), backend="numpy")


@pytest.mark.parametrize(("first", "second"), [("softmax_cross_entropy", "mse"), ("mse", "softmax_cross_entropy")])
def test_two_heads_learn_the_same_labels_in_two_forms(first: str, second: str) -> None:
    data = blobs()
    both = Trainer(project(two_heads(first, second), dtype="float64"), data, backend="numpy")
    assert [h.source for h in both.plan.heads] == ["y", "y"]
    kernels = both.executable.weights()
    alone = []
    for loss, key, ids in ((first, "n2", ("n1", "n2")), (second, "h", ("n1", "n2"))):
        single = Trainer(project(mlp((4, 8, 3), loss=loss), dtype="float64"), data, backend="numpy")
        kept = {(ids[0], n): kernels["n1", n] for n in ("weight", "bias")}
        kept |= {(ids[1], n): kernels[key, n] for n in ("weight", "bias")}
        single.executable.load_weights(kept)
        alone.append(single.evaluate("train").loss)
    assert both.evaluate("train").loss == pytest.approx(sum(alone), rel=1e-12)
    both.run()
    assert both.epochs[-1].train_loss < 0.6 * sum(alone) and both.epochs[-1].validation_metric >= 0.8


def test_heads_of_one_form_share_their_targets() -> None:
    graph = two_heads("softmax_cross_entropy", "softmax_cross_entropy")
    trainer = Trainer(project(graph), blobs(), backend="numpy")
    assert list(trainer.targets) == ["y"]


def test_a_head_of_weight_0_teaches_nothing() -> None:
    graph = two_heads("softmax_cross_entropy", "softmax_cross_entropy", weight=0.0)
    trainer, data = Trainer(project(graph), blobs(), backend="numpy"), blobs()
    before = trainer.executable.weights()
    trainer.run()
    after, single = trainer.executable.weights(), trained(mlp((4, 8, 3)), data).executable.weights()
    np.testing.assert_array_equal(after["h", "weight"], before["h", "weight"])
    assert all(np.array_equal(after[k], v) for k, v in single.items())


def test_a_frozen_net_and_one_without_weights_run_and_change_nothing() -> None:
    graph = mlp((4, 8, 3))
    for name in ("n1", "n2"):
        graph = replace(graph, nodes={**graph.nodes, name: replace(graph.nodes[name], frozen=True)})
    frozen = Trainer(project(graph), blobs(), backend="numpy")
    before = frozen.executable.weights()
    frozen.run()
    assert frozen.stopped == "epochs" and len({e.train_loss for e in frozen.epochs}) == 1
    assert all(np.array_equal(v, before[k]) for k, v in frozen.executable.weights().items())
    bare = chain(("input", {"size": (4,)}), ("output", {"loss": Spec("mse")}))
    data = blobs()
    same = {s: Split(data.split(s).x, {"y": data.split(s).x["x"] + 1}) for s in ("train", "validation", "test")}
    trainer = trained(bare, replace(data, task="values", class_names=(), **same))
    assert trainer.epochs[-1].train_loss == pytest.approx(1.0, rel=1e-6) and trainer.columns.view.grad_norm.size == 0


def test_a_muted_layer_is_passed_by() -> None:
    graph = mlp((4, 4, 3))
    muted = replace(graph, nodes={**graph.nodes, "n1": replace(graph.nodes["n1"], muted=True)})
    trainer = trained(muted, blobs())
    assert {node for node, _ in trainer.executable.weights()} == {"n2"}
    assert trainer.epochs[-1].train_loss < trainer.epochs[0].train_loss


def test_validation_that_is_nan_is_no_improvement() -> None:
    data = blobs()
    bad = replace(data, validation=Split({"x": np.full_like(data.validation.x["x"], np.nan)}, data.validation.y))
    trainer = trained(mlp((4, 8, 3)), bad, patience=2)
    assert trainer.stopped == "patience" and trainer.epoch == 2 and trainer.best_epoch == -1
