"""Rescale: every number times one constant plus another."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Float
from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.primitives import Shape
from engine.primitives.scale_shift import ScaleShift

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class Rescale(Layer, id="rescale", title="Rescale"):
    """y = scale x + offset. Any shape, unchanged. 1/255 brings bytes to 0..1."""

    scale: float = Float(1.0, help="Every number is multiplied by this.")
    offset: float = Float(0.0, help="Then this is added.")

    group = "normalization"
    keywords: ClassVar[tuple[str, ...]] = ("multiply", "normalize", "255", "rescaling")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5,),), {"scale": 0.25, "offset": -1.0}),
        Sample(((2, 3, 5),), {"scale": -2.0}),
        Sample(((3, 1),)),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(ScaleShift((self.scale,), (self.offset,)), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """Plain arithmetic."""
        return t.line(f"{inputs[0]} * {self.scale!r} + {self.offset!r}")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Mul and Add."""
        y = e.node("Mul", inputs[0], e.constant(np.array(self.scale)))
        return e.node("Add", y, e.constant(np.array(self.offset)))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Rescaling."""
        return k.layer(f"layers.Rescaling({self.scale!r}, {self.offset!r})", inputs[0])

    def summary(self) -> str:
        """``x 0.00392157 + 0``."""
        return f"x {self.scale:g} + {self.offset:g}"
