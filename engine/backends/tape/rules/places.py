"""Primitives that choose, turn and repeat places: slice, permute, upsample; all of them copies with strides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Store
from engine.backends.tape.rules.base import Rule, natural
from engine.layers import Step
from engine.plan import Plan
from engine.primitives import size

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler

#: copies that one step may become
COPIES = 256


def strides(store: Store) -> list[int]:
    """Floats from one place to the next along each axis of a sample."""
    if store.image is None or len(store.shape) != 3:
        return [size(store.shape[k + 1 :]) for k in range(len(store.shape))]
    return [1, store.stride, store.image[0]]


def move(
    c: Compiler, source: Store, target: Store, shape: tuple[int, ...], steps: tuple[list[int], list[int]],
    starts: tuple[int, int], *, add: bool,
) -> None:  # fmt: skip
    """target = source, or += it, over an array of this shape whose axes lie ``steps`` apart on either side."""
    axes = [k for k in range(len(shape)) if shape[k] > 1]
    inner = [k for k in axes if steps[0][k] == steps[1][k] == 1]
    last = inner[0] if inner else -1
    length = shape[last] if inner else 1
    outer = sorted((k for k in axes if k != last), key=lambda k: shape[k])
    rest, pair = outer[:-2], outer[-2:]
    sizes = [1] * (2 - len(pair)) + [shape[k] for k in pair]
    hops = [[0] * (2 - len(pair)) + [side[k] for k in pair] for side in steps]
    floats = source.extent + target.extent if source.image or target.image else 0
    for number in range(size(tuple(shape[k] for k in rest))):
        at, places = number, list(starts)
        for k in rest:
            index, at = at % shape[k], at // shape[k]
            places = [p + index * side[k] for p, side in zip(places, steps, strict=True)]
        a, b = (
            (place, store.pitch, *hop) for place, store, hop in zip(places, (source, target), hops, strict=True)
        )
        c.draft.sample(o.MOVE, o.COPY, *a, *b, *sizes, length, int(add), floats=floats)


class _Places(Rule):
    """The output's places are some of the input's, in another order: a step of them along each axis of the output."""

    def _map(self, c: Compiler, step: Step, x: Store) -> tuple[int, list[int]]:
        """(first place of x, floats between them along each axis of the output)."""
        raise NotImplementedError

    def _plain(self, c: Compiler, step: Step) -> bool:
        """Whether the input is a flattened image, whose places no stride reaches."""
        value = step.inputs[0]
        return c.orders[value] != natural(c.plan.values[value].shape)

    def forward(self, c: Compiler, step: Step) -> None:
        """Copies."""
        x = c.plain(step.inputs[0]) if self._plain(c, step) else c.store(step.inputs[0])
        y = c.store(step.output)
        start, hops = self._map(c, step, x)
        move(c, x, y, y.shape, (hops, strides(y)), (start, y.offset), add=False)

    def backward(self, c: Compiler, step: Step) -> None:
        """Back to where they came from, onto zeros."""
        dy = c.gradient(step.output)
        with c.contribution(step.inputs[0], plain=self._plain(c, step), adds=True) as (dx, add):
            if not add and size(dy.shape) < size(dx.shape):
                self._zero(c, dx)
            start, hops = self._map(c, step, dx)
            move(c, dy, dx, dy.shape, (strides(dy), hops), (dy.offset, start), add=add)

    @staticmethod
    def _zero(c: Compiler, dx: Store) -> None:
        """From a place of zeros that nobody writes."""
        zeros = Store(c.buffer(("zeros", dx.extent), dx.extent), dx.shape, dx.image, dx.halo, shared=True)
        c.copy(zeros, dx)


class SliceRule(_Places):
    """Every step-th place along one axis."""

    primitives: ClassVar[tuple[str, ...]] = ("slice",)

    def _map(self, c: Compiler, step: Step, x: Store) -> tuple[int, list[int]]:
        p: Any = step.primitive
        hops = strides(x)
        start = x.offset + p.start * hops[p.axis]
        hops[p.axis] *= p.step
        return start, hops


class PermuteRule(_Places):
    """Axes in another order."""

    primitives: ClassVar[tuple[str, ...]] = ("permute",)

    def refusal(self, plan: Plan, step: Step) -> str:
        """More copies than a tape should hold."""
        shape = sorted(plan.values[step.output].shape)
        return "permute of so many long axes" if size(tuple(shape[:-2])) > COPIES else ""

    def _map(self, c: Compiler, step: Step, x: Store) -> tuple[int, list[int]]:
        p: Any = step.primitive
        hops = strides(x)
        return x.offset, [hops[k] for k in p.order]


class UpsampleRule(Rule):
    """Each cell repeated: as many copies as a cell becomes."""

    primitives: ClassVar[tuple[str, ...]] = ("upsample",)

    def refusal(self, plan: Plan, step: Step) -> str:
        """Bilinear cells are mixed."""
        p: Any = step.primitive
        if p.mode != "nearest":
            return f"upsample of mode {p.mode!r}"
        return "upsample by so much" if p.scale[0] * p.scale[1] > COPIES else ""

    def _parts(self, c: Compiler, step: Step, y: Store) -> list[tuple[int, list[int]]]:
        p: Any = step.primitive
        one, row, pixel = strides(y)
        hops = [one, row * p.scale[0], pixel * p.scale[1]]
        return [(y.offset + i * row + j * pixel, hops) for i in range(p.scale[0]) for j in range(p.scale[1])]

    def forward(self, c: Compiler, step: Step) -> None:
        """A copy for each place of a cell."""
        x, y = c.store(step.inputs[0]), c.store(step.output)
        for start, hops in self._parts(c, step, y):
            move(c, x, y, x.shape, (strides(x), hops), (x.offset, start), add=False)

    def backward(self, c: Compiler, step: Step) -> None:
        """Their sum."""
        dy = c.gradient(step.output)
        with c.contribution(step.inputs[0], adds=True) as (dx, add):
            for number, (start, hops) in enumerate(self._parts(c, step, dy)):
                move(c, dy, dx, dx.shape, (hops, strides(dx)), (start, dx.offset), add=add or number > 0)
