"""What stands around the optimizer, on the tape beside the reference: L1 that reaches zero, penalties on biases or not,
rates of a layer's own, clipping, gathered gradients, a running mean of the weights; each alone and all at once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.backends import Carried, DivergedError, make_executable
from engine.declare import Spec
from engine.graph import Graph
from engine.optimizers import OPTIMIZERS, StepRules
from engine.plan import build_plan
from engine.training import ResumeState, Trainer
from tests.engine.backends.test_tape_oracle import judge
from tests.engine.backends.twins import BATCH, STEPS, compare, data, reference, tape, trained
from tests.engine.training.nets import blobs, mlp, project


def edited(graph: Graph, node: str, **params: Any) -> Graph:
    found = graph.nodes[node]
    return graph.replace_node(replace(found, params={**found.params, **params}))


#: no bias before the batch norm: its gradient would be rounding alone
NET = edited(
    edited(mlp((4, 20, 8, 3), l1=0.02, l2=0.01), "n1", rate_factor=0.3, batch_norm="before", use_bias=False),
    "n2", l1=0.0, l2=0.0, rate_factor=2.0,
)  # fmt: skip
BIASES = mlp((4, 12, 3), l1=0.02, l2=0.05, penalize_bias=True)
RULES: dict[str, tuple[StepRules, Spec]] = {
    "plain": (StepRules(), Spec("sgd", {"rate": 0.1})),
    "proximal": (StepRules(proximal=True), Spec("sgd", {"rate": 0.1})),
    "proximal adam": (StepRules(proximal=True), Spec("adam", {"rate": 0.01})),
    "value": (StepRules(clip_value=0.02, proximal=True), Spec("sgd", {"rate": 0.1})),
    "norm": (StepRules(clip_norm=0.1), Spec("momentum", {"rate": 0.1})),
    "loose norm": (StepRules(clip_norm=1e6), Spec("sgd", {"rate": 0.1})),
    "both": (StepRules(clip_value=0.05, clip_norm=0.08, proximal=True), Spec("momentum", {"rate": 0.1})),
    "gathered": (StepRules(gather=4, steps_per_epoch=6), Spec("radam", {"rate": 0.05})),
    "gathered endlessly": (StepRules(gather=3, clip_norm=0.1), Spec("sgd", {"rate": 0.1})),
    "amid a group": (StepRules(gather=4, proximal=True), Spec("sgd", {"rate": 0.1})),
    "mean": (StepRules(mean_decay=0.7), Spec("sgd", {"rate": 0.1})),
    "bare biases": (StepRules(decay_biases=False), Spec("adamw", {"rate": 0.01, "weight_decay": 0.5})),
    "bare biases coupled": (StepRules(decay_biases=False), Spec("nesterov", {"rate": 0.05, "weight_decay": 0.3})),
    "adabound": (StepRules(clip_norm=0.5), Spec("adabound", {"rate": 0.01})),
    "all": (
        StepRules(0.5, 0.3, gather=2, steps_per_epoch=5, mean_decay=0.8, proximal=True, decay_biases=False),
        Spec("adam", {"rate": 0.01, "weight_decay": 0.1}),
    ),
}  # fmt: skip
GRAPHS = {"mixed": NET, "biases": BIASES}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("name", RULES)
def test_ten_steps_beside_the_reference(name: str, graph: str, threads: int) -> None:
    rules, optimizer = RULES[name]
    compare(GRAPHS[graph], optimizer, threads, rules=rules)


@pytest.mark.parametrize("name", RULES)
def test_beside_the_slow_interpreter(name: str) -> None:
    rules, optimizer = RULES[name]
    with tape(NET, optimizer, rules=rules) as made:
        judge(made)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_bits_however_it_is_cut(threads: int) -> None:
    """In chunks of any size, looked at in between, and carried over to another executable at each cut."""
    rules, optimizer = RULES["all"]
    rows = np.random.default_rng(1).permutation(STEPS * BATCH).reshape(STEPS, BATCH)
    with tape(NET, optimizer, threads, rules=rules) as whole:
        expected = trained(whole).loss
        losses, at, last = [], 0, whole
        for count in (1, 2, 4, 3):
            with tape(NET, optimizer, threads, rules=rules) as cut:
                x, y = data(cut.plan, STEPS * BATCH)
                cut.bind(x, y)
                if at:
                    cut.load_weights(last.weights())
                    cut.load_optimizer_state(last.optimizer_state())
                    cut.load_carried(last.carried())
                rates = np.full(count, cut.optimizer.rate)
                losses.extend(cut.train(rows[at : at + count], rates, at, keep=True).loss)
                with cut.averaged():
                    cut.evaluate(x, y)
                at, last = at + count, cut
        np.testing.assert_array_equal(losses, expected)
        left, right = whole.weights(), last.weights()
        assert all(np.array_equal(left[k], right[k]) for k in left)
        assert same(whole.carried(), last.carried())


def same(a: Carried, b: Carried) -> bool:
    equal = a.held == b.held and a.sums.keys() == b.sums.keys() and a.mean.keys() == b.mean.keys() and bool(a.mean)
    return equal and all(np.array_equal(x[k], y[k]) for x, y in ((a.sums, b.sums), (a.mean, b.mean)) for k in x)


@pytest.mark.parametrize("steps", [1, 3, 4, 6, 9])
def test_a_resume_amid_a_group_has_the_same_bits(steps: int) -> None:
    net = mlp((4, 8, 3), dropout=0.2, batch_norm="before", l1=0.01)
    setup: dict[str, Any] = {"optimizer": Spec("adam"), "accumulate": 4, "ema_decay": 0.9, "patience": 3}
    p, given = project(net, epochs=3, **setup), blobs(per_class=25)
    straight = Trainer(p, given, backend="tape")
    straight.run()
    first, second = Trainer(p, given, backend="tape"), Trainer(p, given, backend="tape")
    first.run_steps(steps)
    state = first.resume_state()
    assert bool(state.scalars["held"]) is (steps % 6 not in (0, 4))  # 6 steps an epoch: groups of 4 and 2
    second.load_resume_state(ResumeState(state.arrays, json.loads(json.dumps(state.scalars, allow_nan=False))))
    second.run()
    left, right = straight.executable.weights(), second.executable.weights()
    assert all(np.array_equal(left[k], right[k]) for k in left)
    assert [e.validation_loss for e in straight.epochs] == [e.validation_loss for e in second.epochs]
    assert same(straight.executable.carried(), second.executable.carried())


def test_l1_reaches_zero_and_auto_takes_the_tape() -> None:
    net, rules = mlp((4, 16, 3), l1=0.05), StepRules(proximal=True, clip_norm=1.0, gather=2, mean_decay=0.9)
    made = make_executable("auto", build_plan(net), OPTIMIZERS.make("sgd"), "float32", 0, rules=rules)
    assert made.name == "tape"
    made.close()
    with tape(net, Spec("sgd", {"rate": 0.2}), rules=StepRules(proximal=True)) as mine:
        trained(mine, steps=60)
        assert np.mean(mine.weights()["n1", "weight"] == 0) > 0.2
        assert not np.any(mine.weights()["n1", "bias"] == 0)


def test_the_mean_stands_in_the_weights_place_only_while_it_is_asked_for() -> None:
    rules = StepRules(mean_decay=0.9)
    exact = reference(BIASES, "adam", rules=rules)
    with tape(BIASES, "adam", rules=rules) as mine:
        with mine.averaged():
            pass
        for executable in (mine, exact):
            trained(executable)
        x, y = data(mine.plan, 200, seed=9)
        before, plain = mine.weights(), mine.evaluate(x, y).loss
        with mine.averaged(), exact.averaged():
            inside = mine.evaluate(x, y, 200).loss  # a larger arena than before
            assert inside == pytest.approx(exact.evaluate(x, y).loss, rel=1e-5) and inside != plain
        assert all(np.array_equal(v, before[k]) for k, v in mine.weights().items())
        assert mine.evaluate(x, y).loss == plain


@pytest.mark.parametrize("name", ["gathered endlessly", "all"])
def test_a_bad_step_leaves_what_was_gathered_before(name: str) -> None:
    rules, optimizer = RULES[name]
    exact = reference(NET, optimizer, rules=rules)
    with tape(NET, optimizer, rules=rules) as mine:
        x, y = data(mine.plan, STEPS * BATCH)
        x["x"][7 * BATCH + 3, 1] = np.nan
        rows = np.arange(STEPS * BATCH).reshape(STEPS, BATCH)
        for executable in (mine, exact):
            executable.bind(x, y)
            with pytest.raises(DivergedError) as caught:
                executable.train(rows, np.full(STEPS, 0.01), 0)
            assert caught.value.step == 7 and caught.value.done is not None and len(caught.value.done.loss) == 7
        assert mine.carried().held == exact.carried().held
        after = exact.weights()
        for key, value in mine.weights().items():
            np.testing.assert_allclose(value, after[key], atol=1e-5)
