"""What the tape has no kernel for, by name; a plan with any of it runs on the reference, slower and just as right.

Besides what the lists below say: softmax over axes that lie apart; bilinear enlargement; products with repeated axes
other than one number a channel; permutations that would be too many copies; ids that no Input gives; and float64.
"""

from __future__ import annotations

from engine.backends.tape.rules import RULES
from engine.backends.tape.rules.losses import loss_refusal
from engine.backends.tape.rules.optimizers import optimizer_refusal
from engine.optimizers import Optimizer
from engine.plan import Plan

#: primitives without a rule, and why
PRIMITIVES_BEYOND: dict[str, str] = {}
#: losses without a kernel, and why
LOSSES_BEYOND: dict[str, str] = {}


def refusals(plan: Plan, optimizer: Optimizer, dtype: str) -> tuple[str, ...]:
    """Everything in the plan that only another backend can run, each once; empty if the tape can run it all."""
    found: list[str] = []
    if dtype != "float32":
        found.append(f"numbers of type {dtype}")
    for step in plan.steps:
        rule = RULES.get(step.primitive.id)
        found.append(rule.refusal(plan, step) if rule else f"the primitive {step.primitive.id!r}")
    read = [(step.primitive.id, i) for step in plan.steps for i in step.inputs]
    for slot in plan.inputs:
        readers = {name for name, value in read if value == slot.value}
        if plan.values[slot.value].dtype == "int" and not readers <= {"embedding", "hide_places"}:
            found.append(f"whole-number inputs of {slot.node!r}")
    found += [loss_refusal(h) for h in plan.heads]
    found.append(optimizer_refusal(optimizer))
    return tuple(dict.fromkeys(f for f in found if f))
