"""What stands around the optimizer: gathered gradients, clipping, a mean of the weights, L1 that reaches zero, rates of
a layer's own. Judged by PyTorch running the exported script, by larger batches, and by bits after a resume."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.dataset import Dataset, Split
from engine.declare import Spec
from engine.files import project_file
from engine.files.torch_text import export_torch
from engine.files.weights import write_weights
from engine.graph import Graph, Project
from engine.optimizers import StepRules
from engine.training import ResumeState, Trainer
from tests.engine.training.nets import blobs, mlp, project

Weights = dict[tuple[str, str], Any]


def made(p: Project, data: Dataset | None = None) -> Trainer:
    return Trainer(p, data or blobs(), backend="numpy")


def trained(p: Project, data: Dataset | None = None) -> Trainer:
    trainer = made(p, data)
    trainer.run()
    return trainer


def edited(graph: Graph, node: str, **params: Any) -> Graph:
    found = graph.nodes[node]
    return graph.replace_node(replace(found, params={**found.params, **params}))


#: no bias before the batch norm: its gradient would be rounding alone
NET = edited(mlp((4, 8, 3), l1=0.02, l2=0.01), "n1", rate_factor=0.3, batch_norm="before", use_bias=False)
RULES: dict[str, dict[str, Any]] = {
    "plain": {},
    "value": {"clip_value": 0.02},
    "norm": {"clip_norm": 0.1},
    "both": {"clip_value": 0.02, "clip_norm": 0.05},
    "gathered": {"accumulate": 4, "clip_norm": 0.1},
    "mean": {"ema_decay": 0.9},
    "subgradient": {"l1_step": "subgradient"},
    "bare biases": {"optimizer": Spec("adamw", {"rate": 0.01, "weight_decay": 0.5}), "decay_biases": False},
    "lion": {"optimizer": Spec("lion", {"rate": 0.01, "weight_decay": 0.5}), "decay_biases": False, "clip_norm": 0.1},
    "all": {
        "optimizer": Spec("adam", {"rate": 0.01, "weight_decay": 0.1}), "clip_norm": 0.1, "accumulate": 2,
        "ema_decay": 0.8, "decay_biases": False, "schedule": Spec("cosine", {"warm_up": 2}),
    },
}  # fmt: skip


@pytest.mark.parity("torch")
@pytest.mark.parametrize("name", RULES)
def test_the_exported_script_ends_at_the_same_weights(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    p = project(NET, epochs=3, shuffle=False, dtype="float64", **RULES[name])
    data = blobs(per_class=25)  # 45 to train on: a short last batch, and a short last group
    trainer = made(p, data)
    start = trainer.executable.weights()
    write_weights(tmp_path / "w.safetensors", start)
    trainer.run()
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(export_torch(p).text, "<exported>", "exec"), names)
    split = data.train
    net = names["train"](
        [torch.from_numpy(split.x["x"])], [torch.from_numpy(split.y["y"])], weights=str(tmp_path / "w.safetensors")
    )
    ours, state = trainer.executable.weights(), net.state_dict()
    for theirs, key in names["WEIGHTS"].items():
        node, _, weight = key.partition("/")
        moved = np.abs(ours[node, weight] - start[node, weight]).max()
        assert moved > 0
        np.testing.assert_allclose(state[theirs].numpy(), ours[node, weight], rtol=0, atol=1e-9 * moved, err_msg=key)


@pytest.mark.parametrize("count", [2, 3, 5, 100])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "nadam"])
def test_batches_gathered_are_one_larger_batch(count: int, optimizer: str) -> None:
    setup: dict[str, Any] = {
        "optimizer": Spec(optimizer, {"rate": 0.01}), "dtype": "float64", "schedule": Spec("step", {"warm_up": 2}),
    }  # fmt: skip
    net = mlp((4, 8, 3), l2=0.05)
    data = blobs(per_class=27)
    few = trained(project(net, batch_size=4, accumulate=count, **setup), data).executable.weights()
    many = trained(project(net, batch_size=4 * count, **setup), data).executable.weights()
    for key, value in many.items():
        np.testing.assert_allclose(few[key], value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("steps", range(1, 14))
def test_a_resume_amid_a_group_has_the_same_bits(steps: int, tmp_path: Path) -> None:
    """Through a file, with a mean of the weights, noise, batch norm and a best epoch to come back to."""
    net = mlp((4, 8, 3), dropout=0.2, batch_norm="before", l1=0.01)
    setup: dict[str, Any] = {"optimizer": Spec("adam"), "accumulate": 4, "ema_decay": 0.9, "patience": 3}
    p, data = project(net, epochs=3, **setup), blobs(per_class=25)
    straight = trained(p, data)
    first = made(p, data)
    first.run_steps(steps)
    state = first.resume_state()
    assert bool(state.scalars["held"]) is (steps % 6 not in (0, 4))  # 6 steps an epoch: groups of 4 and 2
    project_file.write(tmp_path / "a.gradloom", p, first.executable.weights(), state)
    stored = project_file.read(tmp_path / "a.gradloom").resume
    assert stored is not None
    second = made(p, data)
    second.load_resume_state(ResumeState(stored.arrays, stored.scalars))
    second.run()
    left, right = straight.executable.weights(), second.executable.weights()
    assert all(np.array_equal(left[k], right[k]) for k in left)
    assert [e.validation_loss for e in straight.epochs] == [e.validation_loss for e in second.epochs]
    ours, theirs = straight.executable.carried(), second.executable.carried()
    assert all(np.array_equal(ours.mean[k], theirs.mean[k]) for k in ours.mean) and ours.mean


def test_another_number_of_batches_to_gather_is_no_resume() -> None:
    state = trained(project(NET, accumulate=2)).resume_state()
    with pytest.raises(ValueError, match="expected accumulate 3, got 2"):
        made(project(NET, accumulate=3)).load_resume_state(state)


def test_a_state_from_before_there_were_such_rules_still_resumes() -> None:
    first = trained(project(NET, epochs=2))
    state = first.resume_state()
    older = {k: v for k, v in state.scalars.items() if k not in ("accumulate", "held")}
    second = made(project(NET, epochs=2))
    second.load_resume_state(ResumeState(state.arrays, json.loads(json.dumps(older))))
    assert second.epoch == 2


def test_the_mean_follows_its_formula_and_is_what_counts() -> None:
    p = project(mlp((4, 6, 3)), ema_decay=0.7, dtype="float64", epochs=2)
    trainer = made(p)
    expected: Weights = {}
    for _ in range(9):
        trainer.run_steps(1)
        now = trainer.executable.weights()
        expected = {k: 0.7 * expected[k] + 0.3 * w for k, w in now.items()} if expected else now
    mean = trainer.executable.carried().mean
    for key, value in expected.items():
        np.testing.assert_allclose(mean[key], value, rtol=1e-13)
    plain = made(replace(p, training=replace(p.training, ema_decay=None)))
    plain.executable.load_weights(mean)
    assert trainer.evaluate("validation").loss == plain.evaluate("validation").loss
    plain.executable.load_weights(trainer.executable.weights())
    assert trainer.evaluate("validation").loss != plain.evaluate("validation").loss


def test_at_the_end_the_mean_stands_in_the_weights_place_and_more_epochs_go_on_without_it() -> None:
    p = project(mlp((4, 6, 3)), ema_decay=0.9, epochs=2)
    trainer = trained(p)
    mean = trainer.executable.carried().mean
    assert all(np.array_equal(v, mean[k]) for k, v in trainer.executable.weights().items())
    assert trainer.test_result is not None
    trainer.extend(4)
    trainer.run()
    whole = trained(replace(p, training=replace(p.training, epochs=4)))
    assert all(np.array_equal(v, whole.executable.weights()[k]) for k, v in trainer.executable.weights().items())
    trainer.reset()
    assert not trainer.executable.carried().mean


def test_a_mean_that_is_not_to_be_judged_changes_nothing() -> None:
    with_mean, without = trained(project(NET, ema_decay=0.9, ema_evaluate=False)), trained(project(NET))
    left, right = with_mean.executable.weights(), without.executable.weights()
    assert all(np.array_equal(left[k], right[k]) for k in left)
    assert [e.validation_loss for e in with_mean.epochs] == [e.validation_loss for e in without.epochs]


def test_l1_reaches_zero_and_spares_the_biases_unless_asked() -> None:
    net = mlp((4, 16, 3), l1=0.02)
    setup: dict[str, Any] = {"epochs": 30, "optimizer": Spec("sgd", {"rate": 0.1})}
    zero = trained(project(net, **setup)).executable.weights()
    near = trained(project(net, l1_step="subgradient", **setup)).executable.weights()
    asked = trained(project(mlp((4, 16, 3), l1=0.02, penalize_bias=True), **setup)).executable.weights()
    assert np.mean(zero["n1", "weight"] == 0) > 0.3
    assert not np.any(near["n1", "weight"] == 0)
    assert np.sum(np.abs(near["n1", "weight"]) < 0.005) > 5  # as small, but never there
    assert not np.any(zero["n1", "bias"] == 0) and np.any(asked["n1", "bias"] == 0)


def test_a_layers_factor_scales_its_own_rate_alone() -> None:
    still = trained(project(edited(mlp((4, 6, 3), activation="prelu"), "n1", rate_factor=0.0)))
    start = made(still.project).executable.weights()
    end = still.executable.weights()
    moved = {k for k in end if not np.array_equal(end[k], start[k])}
    assert moved == {("n2", "weight"), ("n2", "bias")}


def test_a_short_epoch_ends_its_group() -> None:
    rules = StepRules(gather=4, steps_per_epoch=6)
    assert [rules.applies(k) for k in range(12)] == [k in (3, 5, 9, 11) for k in range(12)]
    assert [rules.update_of(k) for k in range(12)] == [0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3]
    endless = StepRules(gather=4)
    assert [endless.update_of(k) for k in range(9)] == [0, 0, 0, 0, 1, 1, 1, 1, 2]
    assert [endless.applies(k) for k in range(9)] == [k % 4 == 3 for k in range(9)]


def test_an_empty_split_is_no_trouble_for_a_mean() -> None:
    data = blobs()
    empty = Split({"x": data.test.x["x"][:0]}, {"y": data.test.y["y"][:0]})
    trainer = trained(project(mlp((4, 6, 3)), ema_decay=0.9), replace(data, validation=empty, test=empty))
    assert trainer.stopped == "epochs"


@pytest.mark.parametrize("rules", [{}, {"accumulate": 3, "ema_decay": 0.9}, {"clip_norm": 1.0, "ema_decay": 0.5}])
def test_a_bad_sample_stops_within_its_step_and_the_weights_are_the_last_good_ones(rules: dict[str, Any]) -> None:
    data = blobs()
    x = data.train.x["x"].copy()
    x[37, 2] = np.nan  # in the fifth batch of eight
    data = replace(data, train=Split({"x": x}, data.train.y))
    p = project(mlp((4, 8, 3)), shuffle=False, **rules)
    trainer, before = made(p, data), made(p, data)
    before.run_steps(4)
    trainer.run()
    found = trainer.divergence
    assert found is not None and (found.step, found.node, found.tensor, found.count) == (4, "n0", "input", 1)
    left, right = trainer.executable.weights(), before.executable.weights()
    assert trainer.step == 4 and all(np.array_equal(left[k], right[k]) for k in left)
    kept = trainer.executable.carried()
    assert all(np.isfinite(v).all() for v in (*kept.mean.values(), *kept.sums.values()))


def test_an_update_to_infinity_names_the_weight_and_is_taken_back() -> None:
    p = project(mlp((4, 8, 3)), optimizer=Spec("sgd", {"rate": 1e40}))
    trainer = made(p)
    start = trainer.executable.weights()
    trainer.run_steps(1)
    found = trainer.divergence
    assert found is not None and found.node == "n1" and found.tensor in ("weight", "bias") and found.step == 0
    assert all(np.array_equal(v, start[k]) for k, v in trainer.executable.weights().items())


def test_weights_whose_squares_overflow_are_still_good() -> None:
    trainer = made(project(mlp((4, 8, 3)), optimizer=Spec("sgd", {"rate": 0.0})))
    weights = trainer.executable.weights()
    trainer.executable.load_weights({("n2", "bias"): np.full(3, 1e30, np.float32)})
    trainer.run_steps(2)
    assert trainer.divergence is None and trainer.step == 2
    assert np.array_equal(trainer.executable.weights()["n1", "weight"], weights["n1", "weight"])


def test_a_request_beyond_memory_is_told_with_its_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.cli.errors import told
    from engine.plan.memory import MemoryRefusal
    from engine.training import Session
    from engine.training.events import Failed
    from engine.training.session import wait_for

    p = project(mlp((4, 8, 3)), batch_size=64)
    need = made(p).memory
    fits = need.weights + need.data + 10 * need.per_sample
    monkeypatch.setattr("engine.plan.memory.free_memory", lambda: fits)
    words = r"training needs about .* KB, but .* KB are free; a batch of 10 would fit"
    with pytest.raises(MemoryRefusal, match=words) as refused:
        made(p)
    assert told(refused.value) == str(refused.value)
    assert made(replace(p, training=replace(p.training, batch_size=10))).memory.total <= fits
    session = Session(p, blobs(), backend="numpy", polite=False)
    session.start()
    assert wait_for(session, ("failed",)) == "failed"
    events = []
    while not session.events.empty():
        events.append(session.events.get())
    with pytest.raises(MemoryRefusal, match=r"; a batch of \d would fit") as of_a_window:  # which looks at its steps
        Trainer(p, blobs(), backend="numpy", looked_at=True)
    assert [e.message for e in events if isinstance(e, Failed)] == [str(of_a_window.value)]
    session.close()
