"""Which value was the first that is not a number or not finite."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.backends.base import Floats
from engine.backends.tape.compiler import Compiler
from engine.backends.tape.layout import Floats32
from engine.backends.tape.rules.losses import head_losses


def first_bad(c: Compiler, arena: Floats32, batch: int, grads: Mapping[int, Floats]) -> tuple[str, str, int]:
    """(node, tensor, how many): forward in order, then the losses, then backward in order, of a step that was kept."""
    plan = c.plan
    for slot in plan.inputs:
        if bad := _bad(c.store(slot.value).read(arena, batch)):
            return slot.node, "input", bad
    for k in plan.loss_steps:
        s = plan.steps[k]
        if bad := _bad(c.store(s.output).read(arena, batch)):
            return s.node, plan.values[s.output].name, bad
    for k, head in enumerate(plan.heads):
        at = head_losses(c, k)
        if bad := _bad(arena[at : at + batch]):
            return head.node, "loss", bad
    for k in reversed(plan.loss_steps):
        for i in plan.steps[k].inputs:
            if i in grads and (bad := _bad(grads[i])):
                return plan.steps[k].node, f"gradient of {plan.values[i].name}", bad
    return plan.heads[0].node, "gradient norm", 1


def _bad(a: Floats) -> int:
    return int(np.count_nonzero(~np.isfinite(a)))
