"""What the tape has no kernel for, by name."""

from __future__ import annotations

from collections import Counter

from engine.backends.tape.rules import RULES
from engine.backends.tape.rules.losses import loss_refusal
from engine.backends.tape.rules.optimizers import optimizer_refusal
from engine.optimizers import Optimizer
from engine.plan import Plan


def refusals(plan: Plan, optimizer: Optimizer, dtype: str) -> tuple[str, ...]:
    """Everything in the plan that only another backend can run, each once; empty if the tape can run it all."""
    found: list[str] = []
    if dtype != "float32":
        found.append(f"numbers of type {dtype}")
    for step in plan.steps:
        rule = RULES.get(step.primitive.id)
        found.append(rule.refusal(plan, step) if rule else f"the primitive {step.primitive.id!r}")
        if getattr(step.primitive, "spatial", False):  # its kernel draws a mask per cell
            found.append("dropout of whole feature maps")
    read = [(step.primitive.id, i) for step in plan.steps for i in step.inputs]
    for slot in plan.inputs:
        readers = {name for name, value in read if value == slot.value}
        if plan.values[slot.value].dtype == "int" and readers != {"embedding"}:
            found.append(f"whole-number inputs of {slot.node!r}")
    found += [loss_refusal(h) for h in plan.heads]
    found.append(optimizer_refusal(optimizer))
    uses = Counter(i for s in plan.steps for i in s.inputs)
    found += ["weights that several layers share" for w in plan.weights if w.trainable and uses[w.value] > 1]
    found += ["a learning rate of a layer's own" for w in plan.weights if w.trainable and w.rate_factor != 1]
    return tuple(dict.fromkeys(f for f in found if f))
