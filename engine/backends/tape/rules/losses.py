"""The heads' losses as instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.backends.tape import opcodes as o
from engine.losses import Loss
from engine.plan import Head
from engine.primitives import size

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler

_CODES = {
    "softmax_cross_entropy": o.CROSS_ENTROPY,
    "binary_cross_entropy": o.BINARY,
    "mse": o.SQUARED,
    "half_squared": o.HALF_SQUARED,
    "mae": o.ABSOLUTE,
    "huber": o.HUBER,
}


def loss_refusal(head: Head) -> str:
    """Empty if there is a kernel for the head's loss, else what there is none for."""
    if head.loss.id not in _CODES:
        return f"the loss {head.loss.id!r}"
    return ""


def _extra(loss: Loss) -> float:
    return float(getattr(loss, "label_smoothing", 0.0) or getattr(loss, "delta", 0.0))


def head_losses(c: Compiler, index: int) -> int:
    """Where the loss of each sample of a head is left."""
    return c.buffer(("losses", index), c.capacity)


def emit_losses(c: Compiler, *, gradients: bool) -> None:
    """Per-sample losses of all heads, their sums, hits of the first that predicts classes, and gradients."""
    counted = next((k for k, h in enumerate(c.plan.heads) if h.loss.target != "values"), -1)
    inputs = len({s.field for s in c.plan.inputs})
    fields = sorted({h.field for h in c.plan.heads})
    for k, head in enumerate(c.plan.heads):
        z = c.plain(head.prediction)
        constants = c.constants(head.weight, _extra(head.loss))
        hits = c.hits_slot if k == counted else -1
        width, field = size(z.shape), inputs + fields.index(head.field)
        tail = (head_losses(c, k), field, width, constants, c.loss_slot + k, hits, size(z.shape[1:]))
        if gradients and c.needs(head.prediction):
            with c.contribution(head.prediction, plain=True) as (dz, _):
                c.draft.sample(o.LOSS, _CODES[head.loss.id], z.offset, dz.offset, *tail)
        else:
            c.draft.sample(o.LOSS, _CODES[head.loss.id], z.offset, -1, *tail)
