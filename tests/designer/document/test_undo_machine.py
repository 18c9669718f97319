"""Every document verb in random order: undo, redo and the canvas keep up. The long form is tests/long/undo_fidelity."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.designer.machine import Machine, run_sequence, to_bytes

SEEDS = st.integers(0, 2**32 - 1)


class Edits(RuleBasedStateMachine):
    """One rule per kind of edit; what exactly is drawn from the rule's seed."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine(0)

    def _edit(self, kind: str, seed: int) -> None:
        self.machine.rng = random.Random(seed)
        edit: tuple[Any, ...] = getattr(self.machine, kind)()
        if edit:
            before = to_bytes(self.machine.store.state)
            done = self.machine.store.attempt(kind, *edit)
            if not done:
                assert to_bytes(self.machine.store.state) == before, "a refused edit changed something"

    @rule(seed=SEEDS)
    def add(self, seed: int) -> None:
        self._edit("add", seed)

    @rule(seed=SEEDS)
    def connect(self, seed: int) -> None:
        self._edit("connect", seed)

    @rule(kind=st.sampled_from(["insert", "disconnect", "remove", "move", "arrange"]), seed=SEEDS)
    def rewire(self, kind: str, seed: int) -> None:
        self._edit(kind, seed)

    @rule(kind=st.sampled_from(["parameter", "node_state", "copy", "convert", "around"]), seed=SEEDS)
    def change(self, kind: str, seed: int) -> None:
        self._edit(kind, seed)

    @rule(kind=st.sampled_from(["group", "network"]), seed=SEEDS)
    def gather(self, kind: str, seed: int) -> None:
        self._edit(kind, seed)

    @rule(seed=SEEDS)
    def enter(self, seed: int) -> None:
        self.machine.rng = random.Random(seed)
        self.machine.enter()

    @rule()
    def undo(self) -> None:
        self.machine.store.undo()

    @rule()
    def redo(self) -> None:
        self.machine.store.redo()

    @invariant()
    def canvas_is_as_if_fresh(self) -> None:
        self.machine.check_canvas()

    def teardown(self) -> None:
        self.machine.check_history()


def test_undo_redo_and_canvas_hold_under_hypothesis(qapp: object) -> None:
    run_state_machine_as_test(
        Edits,
        settings=settings(
            max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.parametrize("tenth", range(10))
def test_sequences_of_fifty_steps(qapp: object, seed: int, tenth: int) -> None:
    for k in range(10):  # a hundred in all
        run_sequence(seed + 100 * tenth + k, 50, 5)


def test_the_judge_notices_a_canvas_that_missed_a_change(qapp: object) -> None:
    machine = Machine(1)
    while not machine.scene.nodes:
        machine.step()
    next(iter(machine.scene.nodes.values())).moveBy(8, 0)
    with pytest.raises(AssertionError, match="cards differ"):
        machine.check_canvas()


def test_the_judge_notices_an_undo_that_lost_something(qapp: object) -> None:
    machine = Machine(2)
    for _ in range(20):
        machine.step()
    from designer.document import verbs

    step = machine.store.undo_stack.command(0)
    step.before = verbs.set_title(step.before, "not what it was")  # type: ignore[attr-defined]
    with pytest.raises(AssertionError):
        machine.check_history()
