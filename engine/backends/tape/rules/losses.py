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
    "hinge": o.HINGE,
    "kl": o.KL,
    "cosine": o.COSINE,
    "binary_focal": o.BINARY_FOCAL,
    "multiclass_hinge": o.MARGINS,
    "focal": o.FOCAL,
    "weighted_cross_entropy": o.WEIGHTED,
}
#: the numbers of a loss, in its kernel's order
_NUMBERS: dict[str, tuple[str, ...]] = {
    "softmax_cross_entropy": ("label_smoothing",), "binary_cross_entropy": ("label_smoothing",), "huber": ("delta",),
    "hinge": ("margin",), "binary_focal": ("gamma", "alpha"), "multiclass_hinge": ("margin",), "focal": ("gamma",),
    "weighted_cross_entropy": ("label_smoothing",),
}  # fmt: skip


def loss_refusal(head: Head) -> str:
    """Empty if there is a kernel for the head's loss, else what there is none for."""
    if head.loss.id not in _CODES:
        return f"the loss {head.loss.id!r}"
    return ""


def _code(loss: Loss) -> int:
    plain = loss.id == "weighted_cross_entropy" and getattr(loss, "weights", None) is None
    return o.CROSS_ENTROPY if plain else _CODES[loss.id]


def _numbers(loss: Loss) -> list[float]:
    """At least one."""
    own = [float(getattr(loss, name)) for name in _NUMBERS.get(loss.id, ())]
    return [*own, *map(float, getattr(loss, "weights", None) or ())] or [0.0]


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
        constants = c.constants(head.weight, *_numbers(head.loss))
        hits = c.hits_slot if k == counted else -1
        width, field = size(z.shape), inputs + fields.index(head.field)
        places = size(z.shape[1:])
        of_classes = places if head.loss.target == "classes" else 0
        tail = (head_losses(c, k), field, width, constants, c.loss_slot + k, hits, of_classes, places)
        if gradients and c.needs(head.prediction):
            with c.contribution(head.prediction, plain=True) as (dz, _):
                c.draft.sample(o.LOSS, _code(head.loss), z.offset, dz.offset, *tail)
        else:
            c.draft.sample(o.LOSS, _code(head.loss), z.offset, -1, *tail)
