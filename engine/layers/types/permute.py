"""Permute: the axes in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Ints
from engine.layers.base import LAYERS, Fix, Layer, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import text
from engine.primitives import Shape
from engine.primitives.permute import Permute

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class PermuteLayer(Layer, id="permute", title="Permute"):
    """y = x with its axes in another order, counted per sample from 0: (A, B, C) -> (C, A, B) for order 2 0 1."""

    order: tuple[int, ...] = Ints(
        (1, 0), low=0, high=3, length=(1, 4), help="Which axis comes first, second, ...; counted per sample from 0."
    )

    group = "shape"
    keywords: ClassVar[tuple[str, ...]] = ("transpose", "axes", "swap", "channels last")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((3, 5),)),
        Sample(((2, 3, 5),), {"order": (2, 0, 1)}),
        Sample(((2, 3, 5),), {"order": (1, 2, 0)}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """The axes in that order."""
        if sorted(self.order) != list(range(len(inputs[0]))):
            axes = tuple(range(len(inputs[0])))
            raise ShapeRefusal(
                "each axis once",
                "the order {order} does not name each axis of {shape} once",
                {"order": _words(self.order), "shape": text(inputs[0])},
                expected=f"an order of {_words(axes)}",
                got=_words(self.order),
                fixes=(Fix("Leave the order", "set_param", {"name": "order", "value": axes}),) if axes else (),
            )
        return Permute(self.order).shape(*inputs)

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(Permute(self.order), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """permute, in one piece: PyTorch 2.13 crashes in GroupNorm's backward on channels that lie last."""
        return t.line(f"{inputs[0]}.permute(0, {', '.join(str(k + 1) for k in self.order)}).contiguous()")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Transpose."""
        return e.node("Transpose", inputs[0], perm=[0, *(k + 1 for k in self.order)])

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Permute, which counts from 1."""
        return k.layer(f"layers.Permute({tuple(a + 1 for a in self.order)})", inputs[0])

    def summary(self) -> str:
        """``2 0 1``."""
        return _words(self.order)

    def explain(self, *inputs: Shape) -> str:
        """``axis 0 of the result is axis 2 of the input: 5; ...``."""
        return "; ".join(f"axis {k} is the input's axis {a}: {inputs[0][a]}" for k, a in enumerate(self.order))


def _words(order: tuple[int, ...]) -> str:
    return " ".join(map(str, order))
