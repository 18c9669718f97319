"""Subtract: one input less another."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS, Layer, Port, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_equal
from engine.primitives import Shape
from engine.primitives.add import Add
from engine.primitives.scale_shift import ScaleShift

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class SubtractLayer(Layer, id="subtract", title="Subtract"):
    """y = x1 - x2. Any shape, the same for both. Port "in" takes x1, port "minus" x2."""

    group = "merge"
    inputs: ClassVar[tuple[Port, ...]] = (Port(), Port("minus"))
    keywords: ClassVar[tuple[str, ...]] = ("difference", "minus")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((5,), (5,))), Sample(((2, 3, 5), (2, 3, 5))))

    def shape(self, *inputs: Shape) -> Shape:
        """That of both."""
        need_equal(self.title, inputs)
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """The sum of x1 and -x2."""
        return b.op(Add(), inputs[0], b.op(ScaleShift((-1.0,)), inputs[1]))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """x1 - x2."""
        return t.line(" - ".join(inputs))

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Sub."""
        return e.node("Sub", *inputs)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Subtract."""
        return k.layer("layers.Subtract()", *inputs)
