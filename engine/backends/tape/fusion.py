"""What a tape may leave out when nobody looks at every value: a ReLU becomes the end of the instruction before it.

Numbers stay the same, bit for bit; values that no later instruction reads are never written. Tapes that people look
into ("kept", "gradients", "forward") leave nothing out.
"""

from __future__ import annotations

from engine.layers import Step
from engine.plan import Plan

#: tapes that leave values out
LEAN = ("train", "evaluate", "shown")
#: primitives whose instruction can end with a ReLU
_ENDING = ("linear", "conv2d", "batch_norm", "add")


def consumers(plan: Plan) -> dict[int, int]:
    """How often each value is read, by steps and by heads."""
    count = dict.fromkeys(range(len(plan.values)), 0)
    for step in plan.steps:
        for i in step.inputs:
            count[i] += 1
    for head in plan.heads:
        count[head.prediction] += 1
    return count


class Fusion:
    """Pairs of a plan. ``ends``: value before a ReLU -> the ReLU's output. ``pooled``: that output -> its max pool."""

    def __init__(self, plan: Plan, orders: dict[int, object]) -> None:
        count, seen = consumers(plan), {v for h in plan.heads for v in (h.prediction, h.shown)}
        makers = {s.output: s for s in plan.steps}
        self.ends: dict[int, int] = {}
        self.before: dict[int, int] = {}
        for step in plan.steps:
            if step.primitive.id != "relu":
                continue
            value = step.inputs[0]
            maker = makers.get(value)
            if maker is None or maker.primitive.id not in _ENDING or count[value] > 1 or value in seen:
                continue
            if orders[value] == orders[step.output] and (maker.primitive.id != "add" or len(maker.inputs) == 2):
                self.ends[value] = step.output
                self.before[step.output] = value
        self.pooled = {
            s.inputs[0]: s.output
            for s in plan.steps
            if s.primitive.id == "max_pool2d" and s.inputs[0] in self.before and count[s.inputs[0]] == 1
            and s.inputs[0] not in seen
        }  # fmt: skip

    def skips(self, step: Step) -> bool:
        """Whether the step's own instruction is part of the one before."""
        return step.output in self.before
