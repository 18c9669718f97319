"""The end of a training step as instructions: norms, verdict, penalties, update; and the numbers of each step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape import opcodes as o
from engine.backends.tape.memory import Run
from engine.backends.tape.program import Draft
from engine.optimizers import Optimizer

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler

#: scalars of a step: samples of the group that it ends, else 0; the share that new weights have in their running mean;
#: then the rate and what the optimizer computes of it
HELD, SHARE, FIRST = range(3)
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
    """Norms of gradients, penalties, then the figures of the step and its verdict."""
    p = c.parameters
    order = [w.value for w in c.plan.weights]
    if norms:
        for w in (w for w in p.trained if w.value not in c.normed):
            slot = c.slot(w.value)
            g = p.gradient_of(w.value)
            c.draft.all(o.UPDATE, o.SQUARES, g, c.norm_slot + order.index(w.value), 0, slot.count)
        emit_penalties(c, c.draft, p.gradient)
    c.draft.sync()
    heads = c.constants(*(h.weight for h in c.plan.heads))
    counts = any(h.loss.target != "values" for h in c.plan.heads)
    hits = c.hits_slot if counts else -1
    operands = (len(c.plan.heads), heads, c.loss_slot, hits, c.norm_slot, c.penalty_slot)
    c.draft.all(o.LOSS, o.FINISH, *operands)


def emit_penalties(c: Compiler, draft: Draft, gradient: int) -> None:
    """Each penalised weight's share of the loss, and its gradient, from that in the region ``gradient``."""
    p, order = c.parameters, [w.value for w in c.plan.weights]
    for w in p.penalised:
        at, count = c.slot(w.value).offset, c.slot(w.value).count
        rates = c.constants(w.l1, w.l2, 0.0 if c.rules.proximal else w.l1)
        penalty = c.penalty_slot + order.index(w.value)
        draft.all(o.UPDATE, o.PENALTY, at, at + gradient, at + p.wanted, count, rates, penalty)


def emit_update(c: Compiler) -> None:
    """The optimizer over each run of weights, at the end of a group of steps; then running statistics take effect."""
    c.draft.all(o.CONTROL, o.CHECK)
    p = c.parameters
    if c.rules.gather > 1:
        for run in p.runs:
            at = run.start
            c.draft.all(o.UPDATE, o.COLLECT, at + p.gradient, at + p.sums, at + p.wanted, run.count, HELD)
        c.draft.sync()
        body = Draft()
        _emit_moves(c, body)
        c.draft.where(HELD, body)
    else:
        _emit_moves(c, c.draft)
    for value, pending in p.pending.items():
        c.draft.all(o.MOVE, o.COMMIT, pending, c.slot(value).offset, c.slot(value).count)
    c.draft.sync()


def _emit_moves(c: Compiler, draft: Draft) -> None:
    """Penalties, clipping, the optimizer, the proximal step; a spoiled weight stops the tape; the weights' mean."""
    p, rules = c.parameters, c.rules
    if rules.gather > 1 and p.penalised:
        emit_penalties(c, draft, p.wanted)
        draft.sync()
    if rules.clip_value is not None or rules.clip_norm is not None:
        _emit_limits(c, draft)
    for number, run in enumerate(p.runs):
        _emit_optimizer(c, draft, run, first_scalar(c.optimizer, p.runs, number))
    draft.sync()
    draft.all(o.CONTROL, o.CHECK, 1)
    if rules.mean_decay is not None:
        for run in p.runs:
            draft.all(o.UPDATE, o.AVERAGE, run.start, run.start + p.mean, 0, run.count, SHARE)


def _emit_limits(c: Compiler, draft: Draft) -> None:
    """By value, and by the norm of all."""
    p, rules = c.parameters, c.rules
    limit = c.constants(math.inf if rules.clip_value is None else rules.clip_value)
    slot = -1 if rules.clip_norm is None else c.sums("norm of all", 1)
    for run in p.runs:
        ready = run.kind.penalised or rules.gather > 1
        source = run.start + (p.wanted if ready else p.gradient)
        draft.all(o.UPDATE, o.LIMIT, source, run.start + p.wanted, 0, run.count, limit, slot)
    draft.sync()
    if rules.clip_norm is not None:
        for run in p.runs:
            draft.all(o.UPDATE, o.SCALE, run.start + p.wanted, 0, 0, run.count, c.constants(rules.clip_norm), slot)


def _emit_optimizer(c: Compiler, draft: Draft, run: Run, scalar: int) -> None:
    optimizer: Any = c.optimizer
    p, kind = c.parameters, run.kind
    code, names, tensors = _KNOWN[optimizer.id]
    apart = optimizer.id in ("adamw", "lion") or bool(getattr(optimizer, "decoupled", False))
    decay = float(optimizer.weight_decay) if kind.decays else 0.0
    coupled, decoupled = (decay * share for share in (not apart, apart))
    constants = c.constants(coupled, decoupled, kind.l1, *(float(getattr(optimizer, n)) for n in names))
    g = run.start + (p.wanted if kind.penalised or p.apart else p.gradient)
    slots = [run.start + p.optimizer_slots[t] if t in p.optimizer_slots else -1 for t in tensors]
    slots += [-1] * (3 - len(slots))
    scratch = run.start + p.decay if coupled else -1
    operands = (run.start, g, run.start + p.before, run.count, *slots, constants, scratch, scalar)
    draft.all(o.UPDATE, code, *operands)


def _factors(runs: Sequence[Run]) -> list[float]:
    return list(dict.fromkeys(run.kind.factor for run in runs)) or [1.0]


def _width(optimizer: Optimizer) -> int:
    return 1 + len(optimizer.scalars(1.0, 1))


def first_scalar(optimizer: Optimizer, runs: Sequence[Run], number: int) -> int:
    """Where the scalars of a run begin: rates of one factor have theirs together."""
    return FIRST + _width(optimizer) * _factors(runs).index(runs[number].kind.factor)


def step_scalars(
    optimizer: Optimizer, rates: NDArray[np.float64], updates: Sequence[int], runs: Sequence[Run]
) -> NDArray[np.float64]:
    """(S, k): room for HELD and SHARE, then for each factor the rate of each step and ``optimizer.scalars``.

    ``updates`` (S,): the optimizer's own count, from 0.
    """
    columns = [np.zeros((len(rates), FIRST))]
    for factor in _factors(runs):
        own = rates * factor
        columns.append(own[:, None])
        if type(optimizer).scalars is Optimizer.scalars:
            columns.append(own[:, None])
        else:
            each = [optimizer.scalars(float(r), update + 1) for r, update in zip(own, updates, strict=True)]
            columns.append(np.array(each, np.float64).reshape(len(rates), -1))
    return np.concatenate(columns, 1)
