"""The plan: ordered primitive steps over numbered values, with weights, states, inputs and heads. No arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.analysis import Problem
from engine.layers import Ref, StateInfo, Step, WeightInfo
from engine.losses import Loss


class PlanError(ValueError):
    """The graph cannot run; ``problems`` say why, each with its node, what was expected, what came, what to do."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(
            "; ".join(p.text for p in problems[:3]) + (f" (and {len(problems) - 3} more)" if len(problems) > 3 else "")
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class InputSlot:
    """Where a field of the data enters."""

    node: str
    field: str
    value: int


@dataclass(frozen=True, slots=True)
class Head:
    """One Output. The loss reads ``prediction`` (logits where it fuses); people see ``shown`` (probabilities).

    ``field`` names the targets as this head's loss takes them, ``source`` the field of the data that they come from:
    two heads may learn the same labels in two forms (class indices and one-hot).
    """

    node: str
    field: str
    prediction: int
    shown: int
    loss: Loss
    weight: float
    source: str


@dataclass(frozen=True)
class Plan:
    """Everything a backend needs. Value ids index ``values``; weights and states name theirs.

    ``marks``: (node, role) -> value id, for the probes: "z" pre-activation, "a" after the activation.
    ``outputs``: node id -> the value it gives.
    """

    values: tuple[Ref, ...]
    steps: tuple[Step, ...]
    weights: tuple[WeightInfo, ...]
    states: tuple[StateInfo, ...]
    inputs: tuple[InputSlot, ...]
    heads: tuple[Head, ...]
    marks: Mapping[tuple[str, str], int]
    outputs: Mapping[str, int]

    @cached_property
    def loss_steps(self) -> tuple[int, ...]:
        """Indices of the steps that some loss depends on; the others are for display only."""
        wanted = {h.prediction for h in self.heads}
        chosen: list[int] = []
        for k in reversed(range(len(self.steps))):
            if self.steps[k].output in wanted:
                chosen.append(k)
                wanted.update(self.steps[k].inputs)
        return tuple(reversed(chosen))

    @cached_property
    def needs_gradient(self) -> tuple[bool, ...]:
        """By value id: whether a trainable weight lies at or behind it."""
        needs = [False] * len(self.values)
        for w in self.weights:
            needs[w.value] = w.trainable
        for step in self.steps:
            needs[step.output] = any(needs[i] for i in step.inputs)
        return tuple(needs)

    @cached_property
    def layer_order(self) -> tuple[str, ...]:
        """Ids of the nodes that have a trainable kernel, sources first: the x axis of every per-layer plot."""
        seen = {w.node: None for w in self.weights if w.is_kernel and w.node in self.outputs}
        return tuple(seen)
