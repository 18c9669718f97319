"""The end of a training step as instructions: norms, verdict, penalties, update; and the numbers of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape import opcodes as o
from engine.optimizers import Optimizer

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler

#: opcode, the optimizer's own constants in the kernel's order, and its tensors in the kernel's order
_KNOWN: dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]] = {
    "sgd": (o.SGD, (), ()),
    "momentum": (o.MOMENTUM, ("momentum",), ("velocity",)),
    "nesterov": (o.NESTEROV, ("momentum",), ("velocity",)),
    "adam": (o.ADAM, ("beta1", "beta2", "epsilon"), ("mean", "square", "largest")),
    "adamw": (o.ADAM, ("beta1", "beta2", "epsilon"), ("mean", "square", "largest")),
    "rmsprop": (o.RMSPROP, ("alpha", "epsilon", "momentum"), ("square", "mean", "velocity")),
    "adagrad": (o.ADAGRAD, ("epsilon",), ("sum",)),
    "adamax": (o.ADAMAX, ("beta1", "beta2", "epsilon"), ("mean", "largest")),
    "nadam": (o.NADAM, ("beta1", "beta2", "epsilon"), ("mean", "square")),
    "radam": (o.RADAM, ("beta1", "beta2", "epsilon"), ("mean", "square")),
    "adabelief": (o.ADABELIEF, ("beta1", "beta2", "epsilon"), ("mean", "surprise")),
    "adabound": (o.ADABOUND, ("beta1", "beta2", "epsilon"), ("mean", "square")),
    "lion": (o.LION, ("beta1", "beta2"), ("mean",)),
}


def optimizer_refusal(optimizer: Optimizer) -> str:
    """Empty if there is a kernel for the optimizer, else what there is none for."""
    return "" if optimizer.id in _KNOWN else f"the optimizer {optimizer.id!r}"


def emit_finish(c: Compiler, *, norms: bool) -> None:
    """Norms of gradients, penalised gradients, then the figures of the step and its verdict."""
    p = c.parameters
    order = [w.value for w in c.plan.weights]
    if norms:
        for w in p.trained:
            slot = c.slot(w.value)
            g = p.gradient_of(w.value)
            c.draft.all(o.UPDATE, o.SQUARES, g, c.norm_slot + order.index(w.value), 0, slot.count)
        for w in p.penalised:
            slot, g = c.slot(w.value), p.gradient_of(w.value)
            rates = c.constants(w.l1, w.l2)
            penalty = c.penalty_slot + order.index(w.value)
            target = slot.offset + p.penalty
            c.draft.all(o.UPDATE, o.PENALTY, slot.offset, g, target, slot.count, rates, penalty)
    c.draft.sync()
    heads = c.constants(*(h.weight for h in c.plan.heads))
    counts = any(h.loss.target != "values" for h in c.plan.heads)
    hits = c.hits_slot if counts else -1
    operands = (len(c.plan.heads), heads, c.loss_slot, hits, c.norm_slot, c.penalty_slot)
    c.draft.all(o.LOSS, o.FINISH, *operands)


def emit_update(c: Compiler) -> None:
    """The optimizer over each run of weights; a spoiled weight stops the tape; else running statistics take effect."""
    c.draft.all(o.CONTROL, o.CHECK)
    optimizer: Any = c.optimizer
    p = c.parameters
    code, names, tensors = _KNOWN[optimizer.id]
    apart = optimizer.id in ("adamw", "lion") or bool(getattr(optimizer, "decoupled", False))
    coupled, decoupled = (float(optimizer.weight_decay) * share for share in (not apart, apart))
    constants = c.constants(coupled, decoupled, *(float(getattr(optimizer, n)) for n in names))
    penalised_start = c.slot(p.penalised[0].value).offset if p.penalised else -1
    for start, count in p.runs:
        g = start + (p.penalty if start == penalised_start else p.gradient)
        slots = [start + p.optimizer_slots[t] if t in p.optimizer_slots else -1 for t in tensors]
        slots += [-1] * (3 - len(slots))
        scratch = start + p.decay if coupled else -1
        c.draft.all(o.UPDATE, code, start, g, start + p.before, count, *slots, constants, scratch)
    c.draft.sync()
    c.draft.all(o.UPDATE, o.SURVIVE)
    c.draft.all(o.CONTROL, o.CHECK)
    for value, pending in p.pending.items():
        c.draft.all(o.MOVE, o.COMMIT, pending, c.slot(value).offset, c.slot(value).count)
    c.draft.sync()


def step_scalars(optimizer: Optimizer, rates: NDArray[np.float64], first_step: int) -> NDArray[np.float64]:
    """(S, k): the rate of each step, then ``optimizer.scalars``."""
    if type(optimizer).scalars is Optimizer.scalars:
        return np.stack([rates, rates], 1)
    each = [optimizer.scalars(float(r), first_step + k + 1) for k, r in enumerate(rates)]
    return np.column_stack([rates, np.array(each, np.float64)])
