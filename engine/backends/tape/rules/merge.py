"""Primitives that join values cell by cell: product and maximum."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Store
from engine.backends.tape.rules.base import Rule, natural
from engine.backends.tape.rules.element import emit
from engine.layers import Step
from engine.plan import Plan
from engine.primitives import Shape

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler


class _Merge(Rule):
    """Inputs of one order are taken as they lie, others in C order."""

    def order(self, c: Compiler, step: Step) -> Image | None:
        """As of sums."""
        orders = {c.orders[i] for i in step.inputs}
        return orders.pop() if len(orders) == 1 else None

    def _input(self, c: Compiler, step: Step, value: int) -> Store:
        return c.store(value) if c.orders[value] == c.orders[step.output] else c.plain(value)

    def _plain(self, c: Compiler, step: Step, value: int) -> bool:
        return c.orders[value] != c.orders[step.output]

    def _between(self, c: Compiler, step: Step, name: str, number: int = 0) -> Store:
        """A place as the output's, without a halo."""
        like = c.store(step.output)
        store = Store(0, like.shape, like.image)
        return store.at(c.buffer((name, step.output, number), store.extent * c.capacity))


class MultiplyRule(_Merge):
    """y = x1 x2 ..., of one shape; or of two, a map by one number a channel."""

    primitives: ClassVar[tuple[str, ...]] = ("multiply",)

    def refusal(self, plan: Plan, step: Step) -> str:
        """One shape, or a gate of channels."""
        shapes = [plan.values[i].shape for i in step.inputs]
        if len(set(shapes)) == 1 or (len(shapes) == 2 and _gate(shapes[0], shapes[1]) >= 0):
            return ""
        return "multiply with repeated axes other than a number a channel"

    def order(self, c: Compiler, step: Step) -> Image | None:
        """A gated map is an image."""
        shape = c.plan.values[step.output].shape
        gated = any(c.plan.values[i].shape != shape for i in step.inputs)
        return natural(shape) if gated else super().order(c, step)

    def forward(self, c: Compiler, step: Step) -> None:
        """From left to right."""
        shapes = [c.plan.values[i].shape for i in step.inputs]
        if len(set(shapes)) > 1:
            x, gate = self._gated(step, shapes)
            _by_channel(c, c.store(x), c.store(gate), c.store(step.output))
            return
        parts = [self._input(c, step, i) for i in step.inputs]
        done = parts[0]
        for number, more in enumerate(parts[1:], 1):
            target = c.store(step.output) if number == len(parts) - 1 else self._between(c, step, "product", number)
            emit(c, o.MULTIPLY, (done, more, target), 0)
            done = target

    @staticmethod
    def _gated(step: Step, shapes: list[Shape]) -> tuple[int, int]:
        """(map, gate)."""
        gate = _gate(shapes[0], shapes[1])
        return step.inputs[1 - gate], step.inputs[gate]

    def backward(self, c: Compiler, step: Step) -> None:
        """dy times the others."""
        shapes, dy = [c.plan.values[i].shape for i in step.inputs], c.gradient(step.output)
        if len(set(shapes)) > 1:
            self._gate_back(c, step, dy, *self._gated(step, shapes))
            return
        for k, own in enumerate(step.inputs):
            others = [self._input(c, step, i) for j, i in enumerate(step.inputs) if j != k]
            if not c.needs(own):
                continue
            done = dy
            for number, other in enumerate(others[:-1]):
                target = self._between(c, step, "others", number)
                emit(c, o.MULTIPLY, (done, other, target), 0)
                done = target
            with c.contribution(own, plain=self._plain(c, step, own)) as (dx, _):
                emit(c, o.MULTIPLY + o.BACK, (done, others[-1], dx), 0)

    def _gate_back(self, c: Compiler, step: Step, dy: Store, x: int, gate: int) -> None:
        if c.needs(x):
            with c.contribution(x) as (dx, _):
                _by_channel(c, dy, c.store(gate), dx)
        if c.needs(gate):
            part = self._between(c, step, "gate")
            seen = c.store(x)
            emit(c, o.MULTIPLY, (dy, seen, part), 0)
            channels, height, width = part.shape
            with c.contribution(gate, adds=True) as (dg, add):
                floats, place = 2 * part.extent, (dg.offset, dg.pitch, 0, 0)
                one = (part.offset, part.pitch, part.stride, channels)
                c.draft.sample(o.MOVE, o.COPY, *one, *place, 1, 1, channels, int(add), floats=floats)
                for row in range(height):
                    start = part.offset + row * part.stride + (channels if row == 0 else 0)
                    cells = width - 1 if row == 0 else width
                    if cells:
                        operands = (start, *one[1:], *place, 1, cells, channels, 1)
                        c.draft.sample(o.MOVE, o.COPY, *operands, floats=floats)


def _gate(a: Shape, b: Shape) -> int:
    """Which of two shapes is one number for each channel of the other's image; -1 if neither."""
    for k, (whole, gate) in enumerate(((b, a), (a, b))):
        if len(whole) == len(gate) == 3 and gate == (whole[0], 1, 1):
            return k
    return -1


def _by_channel(c: Compiler, x: Store, gate: Store, y: Store) -> None:
    """y = x gate: a row of a pixel's channels at a time."""
    assert x.image is not None
    channels, height, width = x.image
    for row in range(height) if x.halo or y.halo else range(1):
        rows = width if x.halo or y.halo else height * width
        a, d = ((s.offset + row * s.stride, s.pitch, channels) for s in (x, y))
        operands = (*a, gate.offset, gate.pitch, 0, *d, rows, channels, 0)
        c.draft.sample(o.ELEMENT, o.MULTIPLY, *operands, floats=2 * x.extent)


class MaximumRule(_Merge):
    """y = max(x1, x2, ...): among equals the first wins."""

    primitives: ClassVar[tuple[str, ...]] = ("maximum",)

    def forward(self, c: Compiler, step: Step) -> None:
        """From left to right; what leads so far is kept for the way back."""
        parts = [self._input(c, step, i) for i in step.inputs]
        if len(parts) == 1:
            c.copy(parts[0], c.store(step.output))
        for number in range(1, len(parts)):
            emit(c, o.MAXIMUM, (self._leads(c, step, number - 1), parts[number], self._leads(c, step, number)), 0)

    def _leads(self, c: Compiler, step: Step, number: int) -> Store:
        if number == 0:
            return self._input(c, step, step.inputs[0])
        return c.store(step.output) if number == len(step.inputs) - 1 else self._between(c, step, "leads", number)

    def backward(self, c: Compiler, step: Step) -> None:
        """From right to left: to the input if it won, else on to those before it."""
        g = c.gradient(step.output)
        for number in range(len(step.inputs) - 1, 0, -1):
            own, wins, rest = (self._between(c, step, name) for name in ("wins", "won", "rest"))
            seen = self._input(c, step, step.inputs[number])
            emit(c, o.MAXIMUM + o.BACK, (self._leads(c, step, number - 1), seen, wins), 0)
            emit(c, o.MULTIPLY, (g, wins, own), 0)
            self._give(c, step, number, own)
            emit(c, o.AFFINE, (wins, wins, wins), c.constants(0.0, -1.0, 1.0), 1, 1)
            rest = replace(rest, base=c.buffer(("rest", step.output, number), rest.extent * c.capacity))
            emit(c, o.MULTIPLY, (g, wins, rest), 0)
            g = rest
        self._give(c, step, 0, g)

    def _give(self, c: Compiler, step: Step, number: int, g: Store) -> None:
        value = step.inputs[number]
        if not c.needs(value):
            return
        with c.contribution(value, plain=self._plain(c, step, value), adds=True) as (dx, add):
            c.copy(g, dx, add=add)


