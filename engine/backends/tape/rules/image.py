"""Convolution and pooling over images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Slot, Store
from engine.backends.tape.points import TILES, scratch
from engine.backends.tape.rules.base import Rule
from engine.layers import Step
from engine.plan import Plan
from engine.primitives import size
from engine.primitives.window import Window

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler


class Conv2dRule(Rule):
    """y = w * x + b. The input has a halo as wide as the padding, so that no edge is a case of its own."""

    primitives: ClassVar[tuple[str, ...]] = ("conv2d",)

    def refusal(self, plan: Plan, step: Step) -> str:
        """Groups cut the channels, which lie innermost."""
        p: Any = step.primitive
        return "conv2d in groups" if p.groups != 1 else ""

    def _window(self, c: Compiler, step: Step) -> Window:
        p: Any = step.primitive
        window: Window = p.window(c.plan.values[step.inputs[1]].shape)
        return window

    def demand(self, c: Compiler, step: Step) -> None:
        """Halos of the input and of the output's gradient, and the weight's layout."""
        x, w = step.inputs[:2]
        window = self._window(c, step)
        c.halos[x] = max(c.halos.get(x, 0), *window.pads)
        c.matrices[w] = Slot(c.plan.values[w].shape, matrix=True)
        if c.needs(x):
            c.gradient_halos[step.output] = max(
                _reach(length, out, k, s, d, before)
                for length, out, k, s, d, before in zip(
                    c.plan.values[x].shape[1:], c.plan.values[step.output].shape[1:], window.kernel, window.stride,
                    window.dilation, window.pads[:2], strict=True,
                )
            )  # fmt: skip

    def _fits(self, c: Compiler, step: Step, inputs: int, outputs: int) -> bool:
        """Whether Winograd's tiles take these channels: eights in, sixteens out, kernel 3 x 3, stride and padding 1."""
        window = self._window(c, step)
        plain = window == Window((3, 3), (1, 1), (1, 1, 1, 1))
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

    def _turned(self, c: Compiler, step: Step) -> int:
        outputs, inputs, kh, kw = c.plan.values[step.inputs[1]].shape
        return c.buffer(("turned", step.inputs[1]), -(-inputs // o.PANEL) * o.PANEL * outputs * kh * kw)

    def _points(self, c: Compiler, step: Step, source: int, inputs: int, outputs: int, name: str) -> int:
        """Where the transformed kernel stands."""
        return c.buffer((name, step.output), (c.winograd + 2) ** 2 * inputs * outputs)

    def _transform(self, c: Compiler, step: Step, source: int, inputs: int, outputs: int, name: str) -> None:
        target = self._points(c, step, source, inputs, outputs, name)
        c.draft.all(o.WINOGRAD, o.POINTS, source, target, inputs, outputs, c.winograd)

    def prepare(self, c: Compiler, step: Step) -> None:
        """The kernel turned round, for dx, and transformed where tiles are used."""
        x, w = step.inputs[:2]
        outputs, inputs, kh, kw = c.plan.values[w].shape
        if self._fits(c, step, inputs, outputs):
            self._transform(c, step, c.slot(w).offset, inputs, outputs, "points")
        if c.backward and c.needs(x):
            flip = int(self._window(c, step).stride == (1, 1))
            c.draft.all(o.CONV, o.TURN, c.slot(w).offset, self._turned(c, step), kh * kw, inputs, outputs, flip)
            if self._fits(c, step, outputs, inputs):
                c.draft.sync()
                self._transform(c, step, self._turned(c, step), outputs, inputs, "turned points")

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
        x, (y, relu), w = c.store(step.inputs[0]), c.target(step), step.inputs[1]
        window = self._window(c, step)
        bias = c.slot(step.inputs[2]).offset if len(step.inputs) > 2 else -1
        outputs, inputs = c.plan.values[w].shape[:2]
        if self._fits(c, step, inputs, outputs):
            points = self._points(c, step, c.slot(w).offset, inputs, outputs, "points")
            bias = self._no_bias(c, outputs) if bias < 0 else bias
            self._tiles(c, o.TILES, x, (points, bias), y, 2 if relu else 0)
        else:
            _direct(c, x, window, window.pads[:2], c.slot(w).offset, bias, y, 2 if relu else 0)

    def backward(self, c: Compiler, step: Step) -> None:
        """dw, db and dx of an image at a time."""
        x, w = step.inputs[:2]
        window, dy = self._window(c, step), c.gradient(step.output)
        if c.needs(w):
            self._kernel(c, step, window, dy)
        if len(step.inputs) > 2 and c.needs(step.inputs[2]):
            b = step.inputs[2]
            channels, rows, width = c.plan.values[step.output].shape
            operands = (*dy.view, rows, width * channels, channels, c.partial(b), c.partial_stride)
            c.draft.sample(o.CONV, o.PIXEL_SUM, *operands, floats=dy.extent)
            c.reduce(b)
            c.written.add(b)
        outputs, inputs = c.plan.values[w].shape[:2]
        if c.needs(x) and self._fits(c, step, outputs, inputs):
            with c.contribution(x, adds=True) as (dx, add):
                points = self._points(c, step, self._turned(c, step), outputs, inputs, "turned points")
                self._tiles(c, o.TILES, dy, (points, self._no_bias(c, inputs)), dx, int(add))
        elif c.needs(x):
            with c.contribution(x, adds=True) as (dx, add):
                self._input(c, step, window, dy, dx, add)

    def _kernel(self, c: Compiler, step: Step, window: Window, dy: Store) -> None:
        w, seen = step.inputs[1], c.store(step.inputs[0])
        outputs, inputs = c.plan.values[w].shape[:2]
        c.written.add(w)
        if not self._fits(c, step, inputs, outputs):
            operands = (*_cells(seen, window, window.pads[:2]), *_image(dy), c.partial(w), c.partial_stride)
            c.draft.sample(o.CONV, o.WEIGHTS, *operands, floats=seen.extent + dy.extent)
            c.reduce(w)
            return
        self._tiles(c, o.TILES_DW, seen, (c.partial(w), c.partial_stride), dy)
        count = (c.winograd + 2) ** 2 * inputs * outputs
        whole = c.buffer(("points gradient", step.output), count)
        c.later(o.MOVE, o.REDUCE, c.partial(w), c.partial_stride, count, whole)
        target = c.parameters.gradient_of(w)
        c.at_last(o.WINOGRAD, o.POINTS_BACK, whole, target, inputs, outputs, c.winograd)

    def _input(self, c: Compiler, step: Step, window: Window, dy: Store, dx: Store, add: bool) -> None:
        turned = self._turned(c, step)
        if window.stride == (1, 1):
            pads = tuple(
                d * (k - 1) - p for k, d, p in zip(window.kernel, window.dilation, window.pads[:2], strict=True)
            )
            _direct(c, dy, window, pads, turned, -1, dx, int(add))
            return
        assert dx.image is not None and dy.image is not None
        channels, height, width = dx.image
        operands = (
            *dy.view, dy.image[0], turned, *window.kernel, *window.stride, *window.pads[:2], *window.dilation,
            *dx.view, channels, height, width, int(add),
        )  # fmt: skip
        c.draft.sample(o.CONV, o.SPREAD, *operands, floats=dy.extent + dx.extent)


def _reach(length: int, out: int, kernel: int, stride: int, dilation: int, before: int) -> int:
    """How far outside of dy the pixels of dx look, for one axis."""
    low = -((before - dilation * (kernel - 1)) // stride)
    high = (length - 1 + before) // stride - (out - 1)
    return max(low, high, 0)


def _cells(x: Store, window: Window, pads: tuple[int, ...]) -> tuple[int, ...]:
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


def _image(y: Store) -> tuple[int, ...]:
    """Place, strides, channels, rows, columns."""
    assert y.image is not None
    return (*y.view, *y.image)


def _direct(
    c: Compiler, x: Store, window: Window, pads: tuple[int, ...], w: int, bias: int, y: Store, ending: int
) -> None:
    """``ending``: 1 adds to y, 2 ReLU."""
    operands = (*_cells(x, window, pads), w, bias, *_image(y), ending)
    c.draft.sample(o.CONV, o.DIRECT, *operands, floats=x.extent + y.extent)


class PoolRule(Rule):
    """Maximum and mean over windows, and mean over whole maps."""

    primitives: ClassVar[tuple[str, ...]] = ("max_pool2d", "avg_pool2d", "global_avg_pool")

    def refusal(self, plan: Plan, step: Step) -> str:
        """Only images."""
        shape = plan.values[step.inputs[0]].shape
        return "" if len(shape) == 3 else f"{step.primitive.id} over {len(shape)} axes"

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
        assert y.image is not None
        window: Window = p.window
        op = o.MAX_POOL if p.id == "max_pool2d" else o.AVERAGE_POOL
        outputs = size(y.shape)
        winners = c.buffer(("winners", step.output), outputs * c.capacity) if op == o.MAX_POOL else 0
        operands = (
            *x.view, *y.view, channels, height, width, *y.image[1:], *window.kernel, *window.stride, *window.pads[:2],
            winners, *relu,
        )  # fmt: skip
        c.draft.sample(o.POOL, op + back, *operands, floats=x.extent + 2 * y.extent)

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        self._emit(c, step, c.store(step.inputs[0]), c.store(step.output), 0)

    def backward(self, c: Compiler, step: Step) -> None:
        """To the winners, or in equal parts."""
        x, dy = step.inputs[0], c.gradient(step.output)
        if c.lean and x in c.fusion.pooled:
            with c.contribution(c.fusion.before[x]) as (dx, _):
                self._emit(c, step, dx, dy, o.BACK, 1, *c.store(step.output).view)
            return
        with c.contribution(x) as (dx, _):
            self._emit(c, step, dx, dy, o.BACK)
