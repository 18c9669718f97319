"""Primitives that move numbers: reshape, concat, dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Store, View, common
from engine.backends.tape.rules.base import Rule, natural
from engine.layers import Step
from engine.primitives import size

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler


class ReshapeRule(Rule):
    """The same numbers in another shape: no work where they lie in the same order, without a halo between them."""

    primitives: ClassVar[tuple[str, ...]] = ("reshape",)

    def order(self, c: Compiler, step: Step) -> Image | None:
        """A flattened image keeps its order; its first reader sorts that out."""
        shape = c.plan.values[step.output].shape
        return c.orders[step.inputs[0]] if len(shape) == 1 else natural(shape)

    def _same_order(self, c: Compiler, step: Step) -> bool:
        return c.orders[step.inputs[0]] == c.orders[step.output]

    def alias(self, c: Compiler, step: Step) -> Store | None:
        """The input itself."""
        x = c.store(step.inputs[0])
        if not self._same_order(c, step) or x.halo or c.halos.get(step.output, 0):
            return None
        return Store(x.base, c.plan.values[step.output].shape, x.image)

    def alias_gradient(self, c: Compiler, step: Step) -> Store | None:
        """The input's gradient, where nobody else contributes to it."""
        x = step.inputs[0]
        if not self._same_order(c, step) or c.consumers[x] > 1 or c.gradient_halos.get(step.output, 0):
            return None
        g = c.gradient(x)
        return None if g.halo else Store(g.base, c.plan.values[step.output].shape, g.image)

    def _move(self, c: Compiler, source: Store, target: Store) -> None:
        """Into another order, through C order."""
        if source.image is not None and target.image is not None:
            plain = Store(c.buffer(("reshape", target.base), target.extent * c.capacity), target.shape)
            self._move(c, source, plain)
            self._move(c, plain, target)
        elif source.image is not None:
            c.permute(source, target, to_plain=True, add=False)
        elif target.image is not None:
            c.permute(target, source, to_plain=False, add=False)
        else:
            c.copy(source, target)

    def forward(self, c: Compiler, step: Step) -> None:
        """Nothing, a copy, or a change of order."""
        x, y = c.store(step.inputs[0]), c.store(step.output)
        if self._same_order(c, step):
            if x.base != y.base:
                c.copy(x, y)
        else:
            self._move(c, x, y)

    def backward(self, c: Compiler, step: Step) -> None:
        """The way back."""
        x, dy = step.inputs[0], c.gradient(step.output)
        if dy.base == c.gradient(x).base:
            c.written.add(x)
        elif self._same_order(c, step):
            with c.contribution(x, adds=True) as (dx, add):
                c.copy(dy, dx, add=add)
        else:
            with c.contribution(x) as (dx, _):
                self._move(c, dy, dx)


class ConcatRule(Rule):
    """Tensors side by side along an axis."""

    primitives: ClassVar[tuple[str, ...]] = ("concat",)

    def _parts(self, step: Step, whole: Store, parts: list[Store]) -> list[tuple[list[int], list[int]]]:
        """Per input: its view and the whole's, each (offset, sample, row, place stride); rows, places, length."""
        p: Any = step.primitive
        axis = p.axis % len(whole.shape)
        done, found = 0, []
        for part in parts:
            here = part.shape[axis]
            if whole.image is None:
                outer, inner = size(whole.shape[:axis]), size(whole.shape[axis + 1 :])
                a = [part.offset, part.pitch, here * inner, 0]
                b = [whole.offset + done * inner, whole.pitch, whole.shape[axis] * inner, 0]
                found.append(([*a, *b], [outer, 1, here * inner]))
            else:
                found.append(self._image_part(part, whole, axis, done))
            done += here
        return found

    def _image_part(self, part: Store, whole: Store, axis: int, done: int) -> tuple[list[int], list[int]]:
        """Channels lie innermost, so only along H and W rows stay whole."""
        c, h, w = part.shape
        total = whole.shape[0]
        a, b = [*part.view, c], [*whole.view, total]
        b[0] += done * (1, whole.stride, total)[axis]
        return [*a, *b], ([h, w, c] if axis == 0 else [h, 1, w * c])

    def _input(self, c: Compiler, value: int) -> Store:
        flat = len(c.plan.values[value].shape) != 3
        return c.plain(value) if flat else c.store(value)

    def forward(self, c: Compiler, step: Step) -> None:
        """One copy for each input."""
        y = c.store(step.output)
        for views, counts in self._parts(step, y, [self._input(c, i) for i in step.inputs]):
            c.draft.sample(o.MOVE, o.COPY, *views, *counts, 0, floats=y.extent if y.image else 0)

    def backward(self, c: Compiler, step: Step) -> None:
        """Its part for each input."""
        dy = c.gradient(step.output)
        shapes = [Store(0, c.plan.values[i].shape, natural(c.plan.values[i].shape)) for i in step.inputs]
        for i, shape, k in zip(step.inputs, shapes, range(len(shapes)), strict=True):
            if not c.needs(i):
                continue
            with c.contribution(i, plain=shape.image is None, adds=True) as (dx, add):
                parts = [*shapes[:k], dx, *shapes[k + 1 :]]
                views, counts = self._parts(step, dy, parts)[k]
                turned = [*views[4:], *views[:4]]
                c.draft.sample(o.MOVE, o.COPY, *turned, *counts, int(add), floats=dy.extent if dy.image else 0)


class DropoutRule(Rule):
    """y = x m / (1 - rate) in training, else x. The mask is made again for the way back: it is cheaper than memory."""

    primitives: ClassVar[tuple[str, ...]] = ("dropout",)

    def order(self, c: Compiler, step: Step) -> Image | None:
        """That of the input."""
        return c.orders[step.inputs[0]]

    def _emit(self, c: Compiler, step: Step, a: Store, b: Store) -> None:
        p: Any = step.primitive
        rows, length, _ = common(a)
        views: list[View] = [a.view, b.view]
        channels, height, width = a.image or (0, 0, 0)
        shape = c.plan.values[step.output].shape
        cells = (1 if a.image else size(shape[1:])) if p.spatial and len(shape) > 1 else 0
        flat = [n for v in views for n in v]
        scale = c.constants(1 / (1 - p.rate))
        c.draft.sample(
            o.MOVE, o.DROPOUT, *flat, rows, length, channels, height, width, p.stream, p.threshold, scale, cells,
            floats=a.extent if a.image else 0,
        )  # fmt: skip

    def forward(self, c: Compiler, step: Step) -> None:
        """Drop, or copy outside training."""
        p: Any = step.primitive
        x, y = c.store(step.inputs[0]), c.store(step.output)
        if c.training and p.rate:
            self._emit(c, step, x, y)
        else:
            c.copy(x, y)

    def backward(self, c: Compiler, step: Step) -> None:
        """The same mask."""
        p: Any = step.primitive
        dy = c.gradient(step.output)
        with c.contribution(step.inputs[0]) as (dx, _):
            if c.training and p.rate:
                self._emit(c, step, dy, dx)
            else:
                c.copy(dy, dx)


class NoiseRule(Rule):
    """y = x + deviation n in training, else x; n from the words that the reference draws, in float64 as there."""

    primitives: ClassVar[tuple[str, ...]] = ("gaussian_noise",)

    def order(self, c: Compiler, step: Step) -> Image | None:
        """That of the input."""
        return c.orders[step.inputs[0]]

    def forward(self, c: Compiler, step: Step) -> None:
        """Add, or copy outside training."""
        p: Any = step.primitive
        x, y = c.store(step.inputs[0]), c.store(step.output)
        if not (c.training and p.deviation):
            c.copy(x, y)
            return
        rows, length, _ = common(x)
        c.draft.sample(
            o.MOVE, o.NOISE, *x.view, *y.view, rows, length, *(x.image or (0, 0, 0)), p.stream, 0,
            c.constants(p.deviation), floats=x.extent if x.image else 0,
        )  # fmt: skip

    def backward(self, c: Compiler, step: Step) -> None:
        """dx = dy."""
        with c.contribution(step.inputs[0], adds=True) as (dx, add):
            c.copy(c.gradient(step.output), dx, add=add)
