"""What max and average pooling share: the window's settings, shape rule and texts."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from engine.declare import Choice, Ints
from engine.layers.base import Fix, Layer, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_image
from engine.layers.sliding import PADDING_HELP, PADDINGS, Sliding, times
from engine.primitives import Primitive, Shape
from engine.primitives.window import Pads, Pair, Window


class PoolLayer(Layer):
    """y = one number per window. x (N, C, H, W), y (N, C, Ho, Wo). Base class; not a layer type itself."""

    size: tuple[int, int] = Ints(
        (2, 2), low=1, high=4096, length=(2, 2), unit="px", help="Height and width of the window."
    )
    stride: tuple[int, int] = Ints(
        (2, 2), low=1, high=4096, length=(2, 2), unit="px", help="Steps of the window, down and to the right."
    )
    padding: str = Choice("valid", *PADDINGS, help=PADDING_HELP)
    pads: tuple[int, int, int, int] = Ints(
        (0, 0, 0, 0),
        low=0,
        high=4096,
        length=(4, 4),
        unit="px",
        when=("padding", ("explicit",)),
        help="Rows and columns to add: top, left, bottom, right.",
    )

    group = "pooling"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((2, 6, 4),)),
        Sample(((3, 7, 5),), {"size": (3, 2), "stride": (2, 1)}),
        Sample(((2, 7, 5),), {"padding": "same"}),
        Sample(((2, 5, 6),), {"size": (3, 3), "stride": (1, 1), "padding": "same"}),
        Sample(((1, 5, 7),), {"size": (3, 3), "padding": "explicit", "pads": (1, 0, 2, 1)}),
        Sample(((2, 6, 7),), {"size": (3, 3), "padding": "explicit", "pads": (1, 1, 1, 1)}),
        Sample(((2, 9, 9),), {"size": (2, 2), "stride": (3, 3)}),
    )

    @property
    def sliding(self) -> Sliding:
        """The window with its padding rule."""
        return Sliding(self.size, self.stride, self.padding, self.pads, name="size")

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C, Ho, Wo)."""
        need_image(self.title, inputs[0])
        self._need_pads_below_size()
        return (inputs[0][0], *self.sliding.out(inputs[0]))

    def _need_pads_below_size(self) -> None:
        top, left, bottom, right = self.pads
        if self.padding != "explicit" or (max(top, bottom) < self.size[0] and max(left, right) < self.size[1]):
            return
        raise ShapeRefusal(
            "padding smaller than the window",
            "padding {pads} is not smaller than the {size} window, so some windows would see padding only",
            {"pads": " ".join(map(str, self.pads)), "size": times(self.size)},
            expected=f"at most {self.size[0] - 1} rows and {self.size[1] - 1} columns",
            got=" ".join(map(str, self.pads)),
            fixes=(Fix('Padding "same"', "set_param", {"name": "padding", "value": "same"}),),
        )

    @abstractmethod
    def primitive(self, window: Window) -> Primitive:
        """The operation over this window."""

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(self.primitive(self.sliding.window(inputs[0].shape)), inputs[0])

    def summary(self) -> str:
        """``2x2, valid, stride 2``."""
        return ", ".join(self.sliding.summary())

    def explain(self, *inputs: Shape) -> str:
        """``floor((28 - 2) / 2) + 1 = 14``."""
        return self.sliding.explain(inputs[0])


def symmetric(pads: Pads, size: Pair) -> bool:
    """Whether PyTorch's pooling takes these pads itself: equal on both sides, at most half the window."""
    top, left, bottom, right = pads
    return top == bottom and left == right and 2 * top <= size[0] and 2 * left <= size[1]
