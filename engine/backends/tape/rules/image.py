"""Convolution and pooling over images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Slot, Store
from engine.backends.tape.points import TILES, scratch
from engine.backends.tape.rules.base import Rule, row_image
from engine.layers import Step
from engine.plan import Plan
from engine.primitives import size
from engine.primitives.window import Window

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler


class DenseConv(Rule):
    """y = w * x + b. The input has a halo as wide as the padding, so that no edge is a case of its own.

    Forms of other rules override where images come from and go to.
    """

    def window(self, c: Compiler, step: Step) -> Window:
        """The kernel's geometry."""
        p: Any = step.primitive
        window: Window = p.window(c.plan.values[step.inputs[1]].shape)
        return window

    def kernel_shape(self, c: Compiler, step: Step) -> tuple[int, int, int, int]:
        """(outputs, inputs of one, rows, columns)."""
        outputs, inputs, rows, columns = c.plan.values[step.inputs[1]].shape
        return outputs, inputs, rows, columns

    def seen(self, c: Compiler, step: Step, *, fresh: bool = False) -> Store:
        """The input as an image; ``fresh``: nobody has asked for it in this tape."""
        return c.store(step.inputs[0])

    @contextmanager
    def made(self, c: Compiler, step: Step) -> Iterator[tuple[Store, bool]]:
        """Where the output goes, and whether through a ReLU."""
        yield c.target(step)

    def given(self, c: Compiler, step: Step) -> Store:
        """The output's gradient as an image."""
        return c.gradient(step.output)

    @contextmanager
    def back(self, c: Compiler, step: Step) -> Iterator[tuple[Store, bool]]:
        """Where the input's gradient goes, and whether it is added to."""
        with c.contribution(step.inputs[0], adds=True) as (dx, add):
            yield dx, add

    def demand(self, c: Compiler, step: Step) -> None:
        """Halos of the input and of the output's gradient, and the weight's layout."""
        x, w = step.inputs[:2]
        c.halos[x] = max(c.halos.get(x, 0), *self.window(c, step).pads)
        c.matrices[w] = Slot(c.plan.values[w].shape, matrix=True)
        if c.needs(x):
            c.gradient_halos[step.output] = self.reached(c, step, x, step.output)

    def reached(self, c: Compiler, step: Step, large: int, small: int) -> int:
        """How far outside of the small image the pixels of the large one look."""
        window, lengths = self.window(c, step), (c.plan.values[v].shape[1:] for v in (large, small))
        each = zip(*lengths, window.kernel, window.stride, window.dilation, window.pads[:2], strict=True)
        return max(reach(*numbers) for numbers in each)

    def _fits(self, c: Compiler, step: Step, inputs: int, outputs: int) -> bool:
        """Whether Winograd's tiles take these channels: eights in, sixteens out, kernel 3 x 3, stride and padding 1.

        All layers that share a kernel go one way, since a sum has one form.
        """
        plain = all(self.window(c, s) == Window((3, 3), (1, 1), (1, 1, 1, 1)) for s in c.users(step.inputs[1]))
        return bool(c.winograd) and plain and inputs % 8 == 0 and outputs % 16 == 0

    def reserve(self, c: Compiler, step: Step) -> None:
        """dw and db are summed by each thread over its own images, while they are in cache."""
        w = step.inputs[1]
        outputs, inputs = c.plan.values[w].shape[:2]
        tiled = self._fits(c, step, inputs, outputs)
        if tiled or self._fits(c, step, outputs, inputs):
            c.tile_scratch = max(c.tile_scratch, -(-scratch(c.winograd, inputs, outputs) // 16) * 16)
        if c.needs(w):
            c.reserve_partial(w, (c.winograd + 2) ** 2 * inputs * outputs if tiled else None)
        for bias in step.inputs[2:]:
            if c.needs(bias):
                c.reserve_partial(bias)

    def turned(self, c: Compiler, step: Step) -> int:
        """Where the kernel stands with inputs and outputs in each other's place."""
        outputs, inputs, kh, kw = self.kernel_shape(c, step)
        key = ("turned", step.inputs[1], self.flips(c, step))
        return c.buffer(key, -(-inputs // o.PANEL) * o.PANEL * outputs * kh * kw)

    def flips(self, c: Compiler, step: Step) -> bool:
        """Whether its cells are in reverse order there."""
        return self.window(c, step).stride == (1, 1)

    def _points(self, c: Compiler, step: Step, source: int, inputs: int, outputs: int, name: str) -> int:
        """Where the transformed kernel stands."""
        return c.buffer((name, step.output), (c.winograd + 2) ** 2 * inputs * outputs)

    def _transform(self, c: Compiler, step: Step, source: int, inputs: int, outputs: int, name: str) -> None:
        target = self._points(c, step, source, inputs, outputs, name)
        c.draft.all(o.WINOGRAD, o.POINTS, source, target, inputs, outputs, c.winograd)

    def prepare(self, c: Compiler, step: Step) -> None:
        """The kernel turned round, for dx, and transformed where tiles are used."""
        x, w = step.inputs[:2]
        outputs, inputs, kh, kw = self.kernel_shape(c, step)
        if self._fits(c, step, inputs, outputs):
            self._transform(c, step, c.slot(w).offset, inputs, outputs, "points")
        if c.backward and c.needs(x):
            flip = int(self.flips(c, step))
            c.draft.all(o.CONV, o.TURN, c.slot(w).offset, self.turned(c, step), kh * kw, inputs, outputs, flip)
            if self._fits(c, step, outputs, inputs):
                c.draft.sync()
                self._transform(c, step, self.turned(c, step), outputs, inputs, "turned points")

    def _tiles(self, c: Compiler, op: int, x: Store, kernel: tuple[int, int], y: Store, ending: int = 0) -> None:
        """kernel: (U, bias), or (dU, its stride). ``ending``: 1 adds to y, 2 ReLU."""
        assert x.image is not None and y.image is not None
        start = x.offset - x.stride - x.image[0]
        place = c.buffer("tiles", c.tile_scratch * c.threads)
        operands = (
            start, x.pitch, x.stride, x.image[0], *kernel, *y.view, *y.image, c.winograd, TILES[c.winograd], place,
            c.tile_scratch, ending,
        )  # fmt: skip
        c.draft.sample(o.WINOGRAD, op, *operands, floats=x.extent + y.extent)

    def _no_bias(self, c: Compiler, channels: int) -> int:
        return c.buffer(("no bias", channels), channels)

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        x, w, window = self.seen(c, step, fresh=True), step.inputs[1], self.window(c, step)
        bias = c.slot(step.inputs[2]).offset if len(step.inputs) > 2 else -1
        outputs, inputs = self.kernel_shape(c, step)[:2]
        with self.made(c, step) as (y, relu):
            if self._fits(c, step, inputs, outputs):
                points = self._points(c, step, c.slot(w).offset, inputs, outputs, "points")
                bias = self._no_bias(c, outputs) if bias < 0 else bias
                self._tiles(c, o.TILES, x, (points, bias), y, 2 if relu else 0)
            else:
                self.direct(c, x, window, window.pads[:2], c.slot(w).offset, bias, y, 2 if relu else 0)

    def backward(self, c: Compiler, step: Step) -> None:
        """dw, db and dx of an image at a time."""
        x, w = step.inputs[:2]
        window, dy = self.window(c, step), self.given(c, step)
        if c.needs(w):
            self._kernel(c, step, window, dy)
        self.bias_back(c, step, dy)
        outputs, inputs = self.kernel_shape(c, step)[:2]
        if c.needs(x):
            with self.back(c, step) as (dx, add):
                if self._fits(c, step, outputs, inputs):
                    points = self._points(c, step, self.turned(c, step), outputs, inputs, "turned points")
                    self._tiles(c, o.TILES, dy, (points, self._no_bias(c, inputs)), dx, int(add))
                else:
                    self.gather(c, step, window, dy, dx, add=add)

    def bias_back(self, c: Compiler, step: Step, dy: Store) -> None:
        """db, where there is a bias to train."""
        for b in step.inputs[2:]:
            if c.needs(b):
                assert dy.image is not None
                channels, rows, width = dy.image
                operands = (*dy.view, rows, width * channels, channels, c.partial(b), c.partial_stride)
                c.draft.sample(o.CONV, o.PIXEL_SUM, *operands, floats=dy.extent)
                c.reduce(b)

    def _kernel(self, c: Compiler, step: Step, window: Window, dy: Store) -> None:
        w, seen = step.inputs[1], self.seen(c, step)
        outputs, inputs = self.kernel_shape(c, step)[:2]
        if not self._fits(c, step, inputs, outputs):
            operands = (*cells(seen, window, window.pads[:2]), *image_operands(dy), c.partial(w), c.partial_stride)
            c.draft.sample(o.CONV, o.WEIGHTS, *operands, floats=seen.extent + dy.extent)
            c.reduce(w)
            return
        self._tiles(c, o.TILES_DW, seen, (c.partial(w), c.partial_stride), dy)
        count = (c.winograd + 2) ** 2 * inputs * outputs
        if w in c.written:
            return
        c.written.add(w)
        whole = c.buffer(("points gradient", w), count)
        c.later(o.MOVE, o.REDUCE, c.partial(w), c.partial_stride, count, whole)
        target = c.parameters.gradient_of(w)
        c.at_last(o.WINOGRAD, o.POINTS_BACK, whole, target, inputs, outputs, c.winograd)

    def gather(self, c: Compiler, step: Step, window: Window, dy: Store, dx: Store, *, add: bool) -> None:
        """The large image from the small one by the turned kernel."""
        turned = self.turned(c, step)
        if window.stride == (1, 1):
            pads = tuple(
                d * (k - 1) - p for k, d, p in zip(window.kernel, window.dilation, window.pads[:2], strict=True)
            )
            self.direct(c, dy, window, pads, turned, -1, dx, int(add))
            return
        assert dx.image is not None and dy.image is not None
        channels, height, width = dx.image
        operands = (
            *dy.view, dy.image[0], turned, *window.kernel, *window.stride, *window.pads[:2], *window.dilation,
            *dx.view, channels, height, width, int(add),
        )  # fmt: skip
        c.draft.sample(o.CONV, o.SPREAD, *operands, floats=dy.extent + dx.extent)

    @staticmethod
    def direct(
        c: Compiler, x: Store, window: Window, pads: tuple[int, ...], w: int, bias: int, y: Store, ending: int
    ) -> None:
        """``ending``: 1 adds to y, 2 ReLU."""
        operands = (*cells(x, window, pads), w, bias, *image_operands(y), ending)
        c.draft.sample(o.CONV, o.DIRECT, *operands, floats=x.extent + y.extent)


def reach(length: int, out: int, kernel: int, stride: int, dilation: int, before: int) -> int:
    """How far outside of dy the pixels of dx look, for one axis."""
    low = -((before - dilation * (kernel - 1)) // stride)
    high = (length - 1 + before) // stride - (out - 1)
    return max(low, high, 0)


def cells(x: Store, window: Window, pads: tuple[int, ...]) -> tuple[int, ...]:
    """How a kernel moves over an image: start, strides, then its cells as far, near and contiguous ones."""
    assert x.image is not None
    channels = x.image[0]
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    start = x.offset - pads[0] * x.stride - pads[1] * channels
    if dw == 1 or kw == 1:
        far, near, inner = (1, 0), (kh, dh * x.stride), kw * channels
    else:
        far, near, inner = (kh, dh * x.stride), (kw, dw * channels), channels
    return (start, x.pitch, sh * x.stride, sw * channels, *far, *near, inner)


def image_operands(y: Store) -> tuple[int, ...]:
    """Place, strides, channels, rows, columns."""
    assert y.image is not None
    return (*y.view, *y.image)


class PoolRule(Rule):
    """Maximum and mean over windows, and mean over whole maps."""

    primitives: ClassVar[tuple[str, ...]] = ("max_pool2d", "avg_pool2d", "global_avg_pool", "global_max_pool")

    def refusal(self, plan: Plan, step: Step) -> str:
        """Images; of sequences only the whole."""
        axes = len(plan.values[step.inputs[0]].shape)
        whole = step.primitive.id.startswith("global")
        return "" if axes == 3 or (whole and axes == 2) else f"{step.primitive.id} over {axes} axes"

    def order(self, c: Compiler, step: Step) -> Image | None:
        """An image, or the vector of means."""
        shape = c.plan.values[step.output].shape
        return (shape[0], shape[1], shape[2]) if len(shape) == 3 else None

    def _emit(self, c: Compiler, step: Step, x: Store, y: Store, back: int, *relu: int) -> None:
        p: Any = step.primitive
        assert x.image is not None
        channels, height, width = x.image
        if p.id == "global_avg_pool":
            c.draft.sample(
                o.POOL, o.GLOBAL_POOL + back, *x.view, *y.view, channels, height, width, floats=x.extent
            )  # fmt: skip
            return
        if p.id == "global_max_pool":  # one window as large as the map
            y = replace(y, shape=(channels, 1, 1), image=(channels, 1, 1))
        assert y.image is not None
        window: Window = Window((height, width)) if p.id == "global_max_pool" else p.window
        op = o.AVERAGE_POOL if p.id == "avg_pool2d" else o.MAX_POOL
        outputs = size(y.shape)
        winners = c.buffer(("winners", step.output), outputs * c.capacity) if op == o.MAX_POOL else 0
        operands = (
            *x.view, *y.view, channels, height, width, *y.image[1:], *window.kernel, *window.stride, *window.pads[:2],
            winners, *relu,
        )  # fmt: skip
        c.draft.sample(o.POOL, op + back, *operands, floats=x.extent + 2 * y.extent)

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        x = step.inputs[0]
        row = self._row(c, step)
        if row is not None:
            c.permute(row, c.plain(x), to_plain=False, add=False)
        self._emit(c, step, row or c.store(x), c.store(step.output), 0)

    def _row(self, c: Compiler, step: Step) -> Store | None:
        """A place with the channels last for a sequence."""
        shape = c.plan.values[step.inputs[0]].shape
        return row_image(c, shape, ("pooled row", step.output)) if len(shape) == 2 else None

    def backward(self, c: Compiler, step: Step) -> None:
        """To the winners, or in equal parts."""
        x, dy = step.inputs[0], c.gradient(step.output)
        if c.lean and x in c.fusion.pooled:
            with c.contribution(c.fusion.before[x]) as (dx, _):
                self._emit(c, step, dx, dy, o.BACK, 1, *c.store(step.output).view)
            return
        row = self._row(c, step)
        if row is not None:
            self._emit(c, step, row, dy, o.BACK)
            with c.contribution(x, plain=True, adds=True) as (dx, add):
                c.permute(row, dx, to_plain=True, add=add)
            return
        with c.contribution(x) as (dx, _):
            self._emit(c, step, dx, dy, o.BACK)
