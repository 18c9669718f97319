"""The affine map of a dense layer: its weight lies in panels, ready for the micro-kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Slot, Store
from engine.backends.tape.rules.base import Rule
from engine.layers import Step
from engine.primitives import size

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler


class LinearRule(Rule):
    """y = x W^T + b. A flattened image stays in its own order; the columns of W are turned to it instead."""

    primitives: ClassVar[tuple[str, ...]] = ("linear",)

    def demand(self, c: Compiler, step: Step) -> None:
        """The weight's layout."""
        w = step.inputs[1]
        orders = {self._flat_order(c, s) for s in c.users(w)}
        c.matrices[w] = Slot(c.plan.values[w].shape, matrix=True, image=orders.pop() if len(orders) == 1 else None)

    def _plain(self, c: Compiler, step: Step) -> bool:
        """Whether a flattened image has to be read in C order, since another layer has the same weight."""
        return c.orders[step.inputs[0]] != c.slot(step.inputs[1]).image

    def _flat_order(self, c: Compiler, step: Step) -> Image | None:
        """How a flattened image lies; None where the last axis of anything else is read."""
        x = step.inputs[0]
        return c.orders[x] if len(c.plan.values[x].shape) == 1 else None

    def _seen(self, c: Compiler, step: Step) -> Store:
        return c.plain(step.inputs[0]) if self._plain(c, step) else c.store(step.inputs[0])

    def _sizes(self, c: Compiler, step: Step) -> tuple[int, int, int]:
        """(rows a sample, inputs, outputs)."""
        units, inner = c.plan.values[step.inputs[1]].shape
        return size(c.plan.values[step.output].shape[:-1]), inner, units

    def prepare(self, c: Compiler, step: Step) -> None:
        """The transpose, for dx."""
        x, w = step.inputs[:2]
        if c.backward and c.needs(x):
            _, inner, units = self._sizes(c, step)
            c.draft.all(o.MOVE, o.PACK, c.slot(w).offset, self._turned(c, step), inner, units)

    def _turned(self, c: Compiler, step: Step) -> int:
        _, inner, units = self._sizes(c, step)
        return c.buffer(("turned", step.inputs[1]), -(-inner // o.PANEL) * o.PANEL * units)

    def forward(self, c: Compiler, step: Step) -> None:
        """One product."""
        rows, inner, units = self._sizes(c, step)
        bias = c.slot(step.inputs[2]).offset if len(step.inputs) > 2 else -1
        x, (y, fused) = self._seen(c, step).offset, c.target(step)
        w, ending = c.slot(step.inputs[1]).offset, c.fusion.kinds[c.fusion.ends[step.output]] if fused else 0
        with c.written_plain(y, step.output) as target:
            c.draft.sample(o.MATRIX, o.LINEAR, x, w, bias, target.offset, rows, inner, units, ending)

    def backward(self, c: Compiler, step: Step) -> None:
        """dx at once; dW and db when all gradients of values are there."""
        x, w = step.inputs[:2]
        rows, inner, units = self._sizes(c, step)
        dy = c.plain_gradient(step.output).offset
        if c.needs(x):
            slope = c.fusion.slopes.get(x, 0) if c.lean else 0
            ends = (slope, c.store(x).offset) if slope else ()
            with c.contribution(x, plain=self._plain(c, step), adds=True) as (dx, add):
                c.draft.sample(
                    o.MATRIX, o.LINEAR_DX, dy, self._turned(c, step), dx.offset, rows, units, inner, int(add), *ends
                )
        if c.needs(w):
            g, more = c.parameters.gradient_of(w), int(w in c.written)
            seen, slot = self._seen(c, step).offset, c.norm_with(w)
            c.later(o.MATRIX, o.LINEAR_DW, seen, dy, g, rows, inner, units, more, slot)
            c.written.add(w)
        if len(step.inputs) > 2 and c.needs(step.inputs[2]):
            b = step.inputs[2]
            g, more = c.parameters.gradient_of(b), int(b in c.written)
            c.later(o.MATRIX, o.COLUMN_SUM, dy, g, rows, units, more, c.norm_with(b))
            c.written.add(b)
