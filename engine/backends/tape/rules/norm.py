"""Batch normalization: statistics by thread and block, joined at a barrier."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Store, common
from engine.backends.tape.rules.base import Rule, natural, row_image
from engine.layers import Step
from engine.primitives import size

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler

#: numbers a channel that each thread keeps: mean, inverse, scale, shift, two coefficients of dx, two sums
OWN = 8


class BatchNormRule(Rule):
    """y = gamma (x - mean) / sqrt(var + eps) + beta, by feature of a vector or channel of an image."""

    primitives: ClassVar[tuple[str, ...]] = ("batch_norm",)

    def order(self, c: Compiler, step: Step) -> Image | None:
        """Vectors in C order."""
        return natural(c.plan.values[step.output].shape)

    def _row(self, c: Compiler, step: Step, name: str) -> Store | None:
        """A place with the channels last for a sequence; None where there is no need."""
        shape = c.plan.values[step.output].shape
        return row_image(c, shape, (name, step.output)) if len(shape) == 2 else None

    def _input(self, c: Compiler, step: Step, *, fresh: bool = False) -> Store:
        x = step.inputs[0]
        row = self._row(c, step, "normal row")
        if row is not None:
            if fresh:
                c.permute(row, c.plain(x), to_plain=False, add=False)
            return row
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
        x, (target, relu) = self._input(c, step, fresh=True), c.target(step)
        y = self._row(c, step, "made row") or target
        channels, own, stride = self._own(c, step)
        slot = c.sums(("statistics", step.output), 1 + 2 * channels)
        floats = x.extent if x.image else 0
        if c.training:
            rows, length, (view,) = common(x)
            scratch = own + 4 * channels
            operands = (*view, rows, length, channels, slot, scratch, stride)
            c.draft.sample(o.NORM, o.STATISTICS, *operands, floats=floats)
            c.draft.sync()
        weights = [c.slot(v).offset for v in (gamma, beta)]
        pending = [c.parameters.pending[v] if c.updates else -1 for v in (mean, var)]
        earlier = c.updates and mean in c.moved  # by a layer that shares them
        weights += pending if earlier else [c.slot(v).offset for v in (mean, var)]
        c.moved.add(mean)
        constants = c.constants(p.momentum, p.eps)
        c.draft.all(
            o.NORM, o.FIX, slot, channels, *weights, *pending, own, stride, constants, int(c.training)
        )  # fmt: skip
        rows, length, (a, b) = common(x, y)
        c.draft.sample(o.NORM, o.APPLY, *a, *b, rows, length, channels, own, stride, int(relu), floats=2 * floats)
        if y is not target:
            c.permute(y, target, to_plain=True, add=False)

    def backward(self, c: Compiler, step: Step) -> None:
        """Sums of dy and dy xhat, a barrier, and dx from them."""
        x, gamma, beta = step.inputs[:3]
        seen, dy = self._input(c, step), c.gradient(step.output)
        given = self._row(c, step, "given row")
        if given is not None:
            c.permute(given, dy, to_plain=False, add=False)
            dy = given
        channels, own, stride = self._own(c, step)
        slot = c.sums(("norm sums", step.output), 2 * channels)
        floats = seen.extent if seen.image else 0
        rows, length, (a, b) = common(seen, dy)
        operands = (*a, *b, rows, length, channels, slot, own, stride)
        c.draft.sample(o.NORM, o.SUMS, *operands, floats=2 * floats)
        c.draft.sync()
        places = size(c.plan.values[step.output].shape) // channels
        gradients = [c.parameters.gradient_of(v) if c.needs(v) else -1 for v in (gamma, beta)]
        more = int(gamma in c.written or beta in c.written)
        c.written.update(v for v in (gamma, beta) if c.needs(v))
        c.draft.all(o.NORM, o.FIX_BACK, slot, channels, places, *gradients, own, stride, int(c.training), more)
        if c.needs(x):
            with self._back(c, step, plain=seen.image is None) as dx:
                rows, length, (a, b, d) = common(seen, dy, dx)
                c.draft.sample(
                    o.NORM, o.APPLY_BACK, *a, *b, *d, rows, length, channels, own, stride, floats=3 * floats
                )  # fmt: skip

    @contextmanager
    def _back(self, c: Compiler, step: Step, *, plain: bool) -> Iterator[Store]:
        """Where dx goes."""
        row = self._row(c, step, "back row")
        if row is None:
            with c.contribution(step.inputs[0], plain=plain) as (dx, _):
                yield dx
            return
        yield row
        with c.contribution(step.inputs[0], plain=True, adds=True) as (dx, add):
            c.permute(row, dx, to_plain=True, add=add)
