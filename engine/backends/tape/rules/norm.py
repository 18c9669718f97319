"""Batch normalization: statistics by thread and block, joined at a barrier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Store, common
from engine.backends.tape.rules.base import Rule, natural
from engine.layers import Step
from engine.plan import Plan
from engine.primitives import size

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler

#: numbers a channel that each thread keeps: mean, inverse, scale, shift, two coefficients of dx, two sums
OWN = 8


class BatchNormRule(Rule):
    """y = gamma (x - mean) / sqrt(var + eps) + beta, by feature of a vector or channel of an image."""

    primitives: ClassVar[tuple[str, ...]] = ("batch_norm",)

    def refusal(self, plan: Plan, step: Step) -> str:
        """The channels of a sequence lie apart."""
        return "batch norm over sequences" if len(plan.values[step.output].shape) == 2 else ""

    def order(self, c: Compiler, step: Step) -> Image | None:
        """Vectors in C order."""
        return natural(c.plan.values[step.output].shape)

    def _input(self, c: Compiler, step: Step) -> Store:
        x = step.inputs[0]
        return c.store(x) if c.orders[step.output] else c.plain(x)

    def _own(self, c: Compiler, step: Step) -> tuple[int, int, int]:
        """(channels, place of the first thread's numbers, distance to the next thread's)."""
        channels = c.plan.values[step.output].shape[0]
        stride = -(-OWN * channels // 16) * 16 + 16
        return channels, c.buffer(("norm", step.output), stride * c.threads), stride

    def forward(self, c: Compiler, step: Step) -> None:
        """Statistics, a barrier, each thread its own copy of them, and the map itself."""
        p: Any = step.primitive
        _, gamma, beta, mean, var = step.inputs
        x, (y, relu) = self._input(c, step), c.target(step)
        channels, own, stride = self._own(c, step)
        slot = c.sums(("statistics", step.output), 1 + 2 * channels)
        floats = x.extent if x.image else 0
        if c.training:
            rows, length, (view,) = common(x)
            scratch = own + 4 * channels
            operands = (*view, rows, length, channels, slot, scratch, stride)
            c.draft.sample(o.NORM, o.STATISTICS, *operands, floats=floats)
            c.draft.sync()
        weights = [c.slot(v).offset for v in (gamma, beta, mean, var)]
        pending = [c.parameters.pending[v] if c.updates else -1 for v in (mean, var)]
        constants = c.constants(p.momentum, p.eps)
        c.draft.all(
            o.NORM, o.FIX, slot, channels, *weights, *pending, own, stride, constants, int(c.training)
        )  # fmt: skip
        rows, length, (a, b) = common(x, y)
        c.draft.sample(o.NORM, o.APPLY, *a, *b, rows, length, channels, own, stride, int(relu), floats=2 * floats)

    def backward(self, c: Compiler, step: Step) -> None:
        """Sums of dy and dy xhat, a barrier, and dx from them."""
        x, gamma, beta = step.inputs[:3]
        seen, dy = self._input(c, step), c.gradient(step.output)
        channels, own, stride = self._own(c, step)
        slot = c.sums(("norm sums", step.output), 2 * channels)
        floats = seen.extent if seen.image else 0
        rows, length, (a, b) = common(seen, dy)
        operands = (*a, *b, rows, length, channels, slot, own, stride)
        c.draft.sample(o.NORM, o.SUMS, *operands, floats=2 * floats)
        c.draft.sync()
        places = size(c.plan.values[step.output].shape) // channels
        gradients = [c.parameters.gradient_of(v) if c.needs(v) else -1 for v in (gamma, beta)]
        c.written.update(v for v in (gamma, beta) if c.needs(v))
        c.draft.all(o.NORM, o.FIX_BACK, slot, channels, places, *gradients, own, stride, int(c.training))
        if c.needs(x):
            with c.contribution(x, plain=seen.image is None) as (dx, _):
                rows, length, (a, b, d) = common(seen, dy, dx)
                c.draft.sample(
                    o.NORM, o.APPLY_BACK, *a, *b, *d, rows, length, channels, own, stride, floats=3 * floats
                )  # fmt: skip
