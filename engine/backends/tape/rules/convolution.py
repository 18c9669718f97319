"""Convolutions beside the plain one: in groups of channels, over sequences, transposed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Slot, Store
from engine.backends.tape.rules.base import Rule, row_image
from engine.backends.tape.rules.image import DenseConv, cells, image_operands, reach
from engine.layers import Step
from engine.primitives.window import Window

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler


class GroupedConv(DenseConv):
    """Each group of outputs reads its own inputs; kernels lie with the outputs last."""

    def demand(self, c: Compiler, step: Step) -> None:
        """The input's halo, and the weight's layout."""
        x, w = step.inputs[:2]
        c.halos[x] = max(c.halos.get(x, 0), *self.window(c, step).pads)
        c.matrices[w] = Slot(c.plan.values[w].shape, outputs_last=True)

    def reserve(self, c: Compiler, step: Step) -> None:
        """dw and db are summed by each thread over its own images."""
        for w in step.inputs[1:]:
            if c.needs(w):
                c.reserve_partial(w)

    def prepare(self, c: Compiler, step: Step) -> None:
        """Nothing."""

    def _operands(self, c: Compiler, step: Step, x: Store, pads: tuple[int, int], y: Store, *w: int) -> tuple[int, ...]:
        assert x.image is not None and y.image is not None
        window, inputs = self.window(c, step), self.kernel_shape(c, step)[1]
        start = x.offset - pads[0] * x.stride - pads[1] * x.image[0]
        return (
            start, x.pitch, x.stride, x.image[0], *window.kernel, *window.stride, *window.dilation, *w, *y.view,
            *y.image, inputs,
        )  # fmt: skip

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        bias = c.slot(step.inputs[2]).offset if len(step.inputs) > 2 else -1
        x, pads = self.seen(c, step, fresh=True), self.window(c, step).pads
        with self.made(c, step) as (y, relu):
            operands = self._operands(c, step, x, (pads[0], pads[1]), y, c.slot(step.inputs[1]).offset, bias)
            c.draft.sample(o.CONV, o.GROUPED, *operands, int(relu), floats=x.extent + y.extent)

    def backward(self, c: Compiler, step: Step) -> None:
        """dw, db and dx of an image at a time."""
        x, w = step.inputs[:2]
        dy, pads = self.given(c, step), self.window(c, step).pads
        if c.needs(w):
            seen = self.seen(c, step)
            place = (c.partial(w), c.partial_stride)
            operands = self._operands(c, step, seen, (pads[0], pads[1]), dy, *place)
            c.draft.sample(o.CONV, o.GROUPED_DW, *operands, floats=seen.extent + dy.extent)
            c.reduce(w)
        self.bias_back(c, step, dy)
        if c.needs(x):
            with self.back(c, step) as (dx, add):
                assert dx.image is not None
                operands = self._operands(c, step, dx, (0, 0), dy, c.slot(w).offset, pads[0])
                more = (int(add), pads[1], *dx.image[1:])
                c.draft.sample(o.CONV, o.GROUPED_DX, *operands, *more, floats=dx.extent + dy.extent)


class _Sequence(DenseConv):
    """A sequence (C, L) is an image one row high, in a place of its own that has the channels last."""

    def window(self, c: Compiler, step: Step) -> Window:
        """Of one row."""
        p: Any = step.primitive
        window: Window = p.image.window((1, c.plan.values[step.inputs[1]].shape[-1]))
        return window

    def kernel_shape(self, c: Compiler, step: Step) -> tuple[int, int, int, int]:
        """(O, C / groups, 1, k)."""
        outputs, inputs, length = c.plan.values[step.inputs[1]].shape
        return outputs, inputs, 1, length

    def _image(self, c: Compiler, value: int, key: object, halo: int) -> Store:
        return row_image(c, c.plan.values[value].shape, key, halo)

    def demand(self, c: Compiler, step: Step) -> None:
        """The weight's layout; halos are in places of its own."""
        c.matrices[step.inputs[1]] = Slot(c.plan.values[step.inputs[1]].shape, matrix=True)

    def order(self, c: Compiler, step: Step) -> Image | None:
        """C order."""
        return None

    def seen(self, c: Compiler, step: Step, *, fresh: bool = False) -> Store:
        """The input with the channels last, put there by the forward pass."""
        image = self._image(c, step.inputs[0], ("sequence", step.output), max(self.window(c, step).pads))
        if fresh:
            c.permute(image, c.plain(step.inputs[0]), to_plain=False, add=False)
        return image

    @contextmanager
    def made(self, c: Compiler, step: Step) -> Iterator[tuple[Store, bool]]:
        """Where the output is made."""
        image = self._image(c, step.output, ("made sequence", step.output), 0)
        yield image, False
        c.permute(image, c.store(step.output), to_plain=True, add=False)

    def given(self, c: Compiler, step: Step) -> Store:
        """The output's gradient with the channels last."""
        window = self.window(c, step)
        length, out = (c.plan.values[v].shape[1] for v in (step.inputs[0], step.output))
        halo = reach(length, out, window.kernel[1], window.stride[1], window.dilation[1], window.pads[1])
        image = self._image(c, step.output, ("given sequence", step.output), halo)
        c.permute(image, c.plain_gradient(step.output), to_plain=False, add=False)
        return image

    @contextmanager
    def back(self, c: Compiler, step: Step) -> Iterator[tuple[Store, bool]]:
        """Where the input's gradient is made."""
        image = self._image(c, step.inputs[0], ("back sequence", step.output), 0)
        yield image, False
        with c.contribution(step.inputs[0], plain=True, adds=True) as (dx, add):
            c.permute(image, dx, to_plain=True, add=add)


class _GroupedSequence(_Sequence, GroupedConv):
    def demand(self, c: Compiler, step: Step) -> None:
        """The weight's layout."""
        c.matrices[step.inputs[1]] = Slot(c.plan.values[step.inputs[1]].shape, outputs_last=True)


class ConvRule(Rule):
    """y = w * x + b: images or sequences, all channels at once or in groups."""

    primitives: ClassVar[tuple[str, ...]] = ("conv2d", "conv1d")
    _forms: ClassVar[dict[tuple[str, bool], DenseConv]] = {
        ("conv2d", False): DenseConv(), ("conv2d", True): GroupedConv(),
        ("conv1d", False): _Sequence(), ("conv1d", True): _GroupedSequence(),
    }  # fmt: skip

    def _form(self, step: Step) -> DenseConv:
        p: Any = step.primitive
        return self._forms[p.id, p.groups != 1]

    def order(self, c: Compiler, step: Step) -> Image | None:
        """That of the form."""
        return self._form(step).order(c, step)

    def demand(self, c: Compiler, step: Step) -> None:
        """Halos and the weight's layout."""
        self._form(step).demand(c, step)

    def reserve(self, c: Compiler, step: Step) -> None:
        """Sums of each thread."""
        self._form(step).reserve(c, step)

    def prepare(self, c: Compiler, step: Step) -> None:
        """What is made of the weights."""
        self._form(step).prepare(c, step)

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction, and for sequences the way to images and back."""
        self._form(step).forward(c, step)

    def backward(self, c: Compiler, step: Step) -> None:
        """dw, db and dx."""
        self._form(step).backward(c, step)


class ConvTransposeRule(DenseConv):
    """The way back of a convolution whose outputs are x and whose inputs are y; the bias comes after."""

    primitives: ClassVar[tuple[str, ...]] = ("conv_transpose2d",)

    def demand(self, c: Compiler, step: Step) -> None:
        """Halos of x and of the output's gradient, and the weight's layout."""
        x, w = step.inputs[:2]
        window = self.window(c, step)
        c.halos[x] = max(c.halos.get(x, 0), self.reached(c, step, step.output, x))
        c.gradient_halos[step.output] = max(window.pads)
        c.matrices[w] = Slot(c.plan.values[w].shape, matrix=True)

    def reserve(self, c: Compiler, step: Step) -> None:
        """dw and db are summed by each thread over its own images."""
        for w in step.inputs[1:]:
            if c.needs(w):
                c.reserve_partial(w)

    def _ends(self, c: Compiler, step: Step) -> int:
        """Centre, nothing, scale and bias of each channel, as batch normalization has them."""
        channels = c.plan.values[step.output].shape[0]
        numbers = np.zeros((4, channels), np.float32)
        numbers[2] = 1
        return c.filled(("bias", step.inputs[2]), numbers.ravel())

    def prepare(self, c: Compiler, step: Step) -> None:
        """The kernel turned round, and the bias where it is added."""
        w = step.inputs[1]
        outputs, inputs, kh, kw = self.kernel_shape(c, step)
        flip = int(self.flips(c, step))
        c.draft.all(o.CONV, o.TURN, c.slot(w).offset, self.turned(c, step), kh * kw, inputs, outputs, flip)
        for bias in step.inputs[2:]:
            count = c.slot(bias).count
            c.draft.all(o.MOVE, o.COMMIT, c.slot(bias).offset, self._ends(c, step) + 3 * count, count)

    def forward(self, c: Compiler, step: Step) -> None:
        """Each pixel gathers; then the bias."""
        y = c.store(step.output)
        self.gather(c, step, self.window(c, step), c.store(step.inputs[0]), y, add=False)
        if len(step.inputs) > 2:
            assert y.image is not None
            channels, rows, width = y.image
            c.draft.sample(
                o.NORM, o.APPLY, *y.view, *y.view, rows, width * channels, channels, self._ends(c, step), 0, 0,
                floats=y.extent,
            )  # fmt: skip

    def backward(self, c: Compiler, step: Step) -> None:
        """dw, db, and dx, which is a convolution."""
        x, w = step.inputs[:2]
        window, dy, seen = self.window(c, step), c.gradient(step.output), c.store(step.inputs[0])
        if c.needs(w):
            operands = (*cells(dy, window, window.pads[:2]), *image_operands(seen), c.partial(w), c.partial_stride)
            c.draft.sample(o.CONV, o.WEIGHTS, *operands, floats=seen.extent + dy.extent)
            c.reduce(w)
        self.bias_back(c, step, dy)
        if c.needs(x):
            with c.contribution(x, adds=True) as (dx, add):
                self.direct(c, dy, window, window.pads[:2], c.slot(w).offset, -1, dx, int(add))


