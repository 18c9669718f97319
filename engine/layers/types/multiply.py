"""Multiply: several inputs become their product."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS, Layer, Port, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import text
from engine.primitives import Shape
from engine.primitives.multiply import Multiply

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class MultiplyLayer(Layer, id="multiply", title="Multiply"):
    """y = x1 x2 ..., elementwise. Any shape; an axis of one cell is repeated.

    So a gate (C, 1, 1) weighs the maps (C, H, W).     Hochreiter & Schmidhuber 1997 (gates); Hu et al. 2018.
    """

    group = "merge"
    inputs: ClassVar[tuple[Port, ...]] = (Port(many=True),)
    keywords: ClassVar[tuple[str, ...]] = ("product", "gate", "attention", "times")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5,), (5,))),
        Sample(((2, 3, 4), (2, 1, 1), (2, 3, 4))),
        Sample(((3, 1), (1, 4))),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """The larger of each axis; ShapeRefusal where two differ and neither is one cell."""
        if len(inputs) < 2:
            raise ShapeRefusal(
                "two inputs or more",
                "{layer} joins two inputs or more, but {count} came",
                {"layer": self.title, "count": len(inputs)},
                expected="2 or more",
                got=str(len(inputs)),
            )
        first = inputs[0]
        for k, shape in enumerate(inputs[1:], 2):
            if len(shape) != len(first) or any(a != b and 1 not in (a, b) for a, b in zip(first, shape, strict=True)):
                raise ShapeRefusal(
                    "inputs of one shape, or one cell to repeat",
                    "input 1 is {first} and input {k} is {other}: axes must be equal, or one of them 1",
                    {"first": text(first), "k": k, "other": text(shape)},
                    expected=text(first),
                    got=text(shape),
                )
            first = Multiply().shape(first, shape)
        return first

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(Multiply(), *inputs)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """x1 * x2."""
        return t.line(" * ".join(inputs))

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Mul, from left to right."""
        y = inputs[0]
        for x in inputs[1:]:
            y = e.node("Mul", y, x)
        return y

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Multiply."""
        return k.layer("layers.Multiply()", *inputs)
