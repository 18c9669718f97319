"""Concat: several inputs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Int
from engine.layers.base import LAYERS, Fix, Layer, Port, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import text
from engine.primitives import Shape
from engine.primitives.concat import Concat

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class ConcatLayer(Layer, id="concat", title="Concat"):
    """y = x1, x2, ... one after the other along ``axis``. (A, H, W), (B, H, W) -> (A + B, H, W).

    Szegedy et al. 2015.
    """

    axis: int = Int(0, low=0, high=3, help="Counted per sample: 0 = channels or features, 1 = rows, 2 = columns.")

    group = "merge"
    inputs: ClassVar[tuple[Port, ...]] = (Port(many=True),)
    keywords: ClassVar[tuple[str, ...]] = ("concatenate", "join", "stack", "inception")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5,), (3,))),
        Sample(((2, 3, 4), (1, 3, 4), (3, 3, 4))),
        Sample(((2, 3, 5), (2, 4, 5)), {"axis": 1}),
        Sample(((3, 1), (3, 2)), {"axis": 1}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Sum along the axis, the other axes as they are."""
        if len(inputs) < 2:
            raise ShapeRefusal(
                "two inputs or more",
                "{layer} joins two inputs or more, but {count} came",
                {"layer": self.title, "count": len(inputs)},
                expected="2 or more",
                got=str(len(inputs)),
            )
        first = inputs[0]
        if self.axis >= len(first):
            raise ShapeRefusal(
                "an axis that is there",
                "axis {axis} is not there: a sample {shape} has axes 0 to {last}",
                {"axis": self.axis, "shape": text(first), "last": len(first) - 1},
                expected=f"0 to {len(first) - 1}",
                got=str(self.axis),
                fixes=(Fix("Axis 0", "set_param", {"name": "axis", "value": 0}),),
            )
        for k, shape in enumerate(inputs[1:], 2):
            if len(shape) != len(first) or _without(shape, self.axis) != _without(first, self.axis):
                raise ShapeRefusal(
                    "inputs that differ along the axis only",
                    "input 1 is {first} and input {k} is {other}: only axis {axis} may differ",
                    {"first": text(first), "k": k, "other": text(shape), "axis": self.axis},
                    expected=text((*first[: self.axis], -1, *first[self.axis + 1 :])).replace("-1", "any"),
                    got=text(shape),
                )
        return Concat(self.axis).shape(*inputs)

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(Concat(self.axis), *inputs)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """torch.cat."""
        return t.line(f"torch.cat([{', '.join(inputs)}], {self.axis + 1})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Concat."""
        return e.node("Concat", *inputs, axis=self.axis + 1)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Concatenate."""
        return k.layer(f"layers.Concatenate(axis={self.axis + 1})", *inputs)

    def summary(self) -> str:
        """``along axis 0``."""
        return f"along axis {self.axis}"

    def explain(self, *inputs: Shape) -> str:
        """``16 + 32 = 48``."""
        counts = [s[self.axis] for s in inputs]
        return f"{' + '.join(map(str, counts))} = {sum(counts)}"


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]
