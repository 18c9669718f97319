"""What a tape may leave out when nobody looks at every value: a ReLU becomes the end of the instruction before it, and
so do sigmoid and tanh behind a dense layer; their slope becomes the end of the next dense layer's way back. Attention
becomes one instruction from queries, keys and values to what is mixed of them. A GELU leaves its slopes for the way
back where its input was.

Numbers stay the same, bit for bit; values that no later instruction reads are never written. Tapes that people look
into ("kept", "gradients", "forward") leave nothing out.
"""

from __future__ import annotations

from engine.backends.tape import opcodes as o
from engine.layers import Step
from engine.plan import Plan

#: tapes that leave values out
LEAN = ("train", "evaluate", "shown")
#: primitives whose instruction can end with a ReLU
_ENDING = ("linear", "conv2d", "batch_norm", "add")
#: functions that an instruction can end with, as it names them; beyond ReLU only a dense layer's can
_KINDS = {"relu": 1 + o.RELU, "sigmoid": 1 + o.SIGMOID, "tanh": 1 + o.TANH}


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
    """Pairs of a plan. ``ends``: value before an activation -> its output. ``kinds``: that output -> which activation,
    1 + its opcode. ``slopes``: the same of outputs that only one dense layer reads, whose way back takes the slope.
    ``pooled``: the output of a ReLU -> its max pool. ``sloped``: outputs of GELUs whose input nobody else reads.
    ``attended``: the output of a mix -> the step of its scores. ``between``: all values that it leaves out.
    """

    def __init__(self, plan: Plan, orders: dict[int, object]) -> None:
        count, seen = consumers(plan), {v for h in plan.heads for v in (h.prediction, h.shown)}
        makers = {s.output: s for s in plan.steps}
        self.ends: dict[int, int] = {}
        self.before: dict[int, int] = {}
        self.kinds: dict[int, int] = {}
        for step in plan.steps:
            if step.primitive.id not in _KINDS:
                continue
            value = step.inputs[0]
            maker, able = makers.get(value), _ENDING if step.primitive.id == "relu" else _ENDING[:1]
            if maker is None or maker.primitive.id not in able or count[value] > 1 or value in seen:
                continue
            if orders[value] == orders[step.output] and (maker.primitive.id != "add" or len(maker.inputs) == 2):
                self.ends[value] = step.output
                self.before[step.output] = value
                self.kinds[step.output] = _KINDS[step.primitive.id]
        readers = {s.inputs[0]: s for s in plan.steps if count[s.inputs[0]] == 1 and s.inputs[0] not in seen}
        self.slopes = {
            v: kind for v, kind in self.kinds.items()
            if v in readers and readers[v].primitive.id == "linear" and orders[v] is None
        }  # fmt: skip
        self.sloped = frozenset(
            s.output for s in plan.steps
            if s.primitive.id == "gelu" and count[s.inputs[0]] == 1 and s.inputs[0] in makers
            and makers[s.inputs[0]].primitive.id in _ENDING and s.inputs[0] not in seen
        )  # fmt: skip
        self.attended, self.between = _attended(plan, count, seen)
        self.pooled = {
            v: readers[v].output for v, kind in self.kinds.items()
            if kind == 1 + o.RELU and v in readers and readers[v].primitive.id == "max_pool2d"
        }  # fmt: skip

    def skips(self, step: Step) -> bool:
        """Whether the step's own instruction is part of the one before."""
        return step.output in self.before

    def in_place(self, step: Step) -> bool:
        """Whether the gradient in front of such a step takes the place of that behind it."""
        return self.kinds.get(step.output) == 1 + o.RELU or step.output in self.slopes

    def joins(self, step: Step) -> bool:
        """Whether the step's own instruction is part of a later one."""
        return step.output in self.between


def _attended(plan: Plan, count: dict[int, int], seen: set[int]) -> tuple[dict[int, Step], frozenset[int]]:
    """Scores, softmax and mix in a row, which alone read what is between them."""
    found: dict[int, Step] = {}
    between: set[int] = set()
    for scores, softmax, mix in zip(plan.steps, plan.steps[1:], plan.steps[2:], strict=False):
        ids = tuple(s.primitive.id for s in (scores, softmax, mix))
        if ids != ("attention_scores", "softmax", "attention_mix"):
            continue
        values = {scores.output, softmax.output}
        chained = softmax.inputs[0] == scores.output and mix.inputs[0] == softmax.output
        alone = not values & seen and all(count[v] == 1 for v in values)
        if chained and alone and getattr(softmax.primitive, "axis", 0) in (-1, 2):
            found[mix.output] = scores
            between |= values
    return found, frozenset(between)
