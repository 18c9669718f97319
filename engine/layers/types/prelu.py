"""PReLU activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Bool, Float, Spec
from engine.layers.activation import Activation
from engine.layers.base import LAYERS, Sample, Trained
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_axes
from engine.primitives import Primitive, Shape
from engine.primitives.prelu import PReLU

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class PReLULayer(Activation, Trained, id="prelu", title="PReLU"):
    """y = x where x > 0, else alpha x, with alpha learned. x, y (N, C, ...), alpha (1,) or (C,). He et al. 2015."""

    alpha: float = Float(0.25, label="initial slope", help="Where the learned slope starts.")
    shared: bool = Bool(True, label="one slope for all", help="Else each feature or channel learns its own.")

    keywords: ClassVar[tuple[str, ...]] = ("rectifier", "learned slope", "parametric")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((7,),)),
        Sample(((2, 4, 3),), {"shared": False}),
        Sample(((5,),), {"shared": False, "alpha": 0.1}),
        Sample(((3, 5, 1),), {"alpha": 0.5}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_axes(self.title, inputs[0], 1, "features or channels")
        return inputs[0]

    def primitive(self) -> Primitive:
        """PReLU."""
        return PReLU()

    def operands(self, b: Builder, x: Ref) -> tuple[Ref, ...]:
        """x and the slopes."""
        shape = (1,) if self.shared else x.shape[:1]
        return (x, b.weight("alpha", shape, Spec("constant", {"value": self.alpha})))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.PReLU."""
        count = 1 if self.shared else t.shape(inputs[0])[0]
        module = t.module(f"nn.PReLU({count}, init={self.alpha!r})", {"weight": "alpha"})
        return t.line(f"{module}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """PRelu, its slopes shaped to stand beside the channels."""
        column = np.array([-1, *(1 for _ in e.shape(inputs[0])[1:])], dtype=np.int64)
        return e.node("PRelu", inputs[0], e.node("Reshape", e.weight("alpha"), e.constant(column)))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.PReLU, shared over all axes but the channels' (or over that as well)."""
        axes = list(range(1 if self.shared else 2, len(k.shape(inputs[0])) + 1))
        return k.layer(f"layers.PReLU(shared_axes={axes or None})", inputs[0], weights=(("alpha", None),))

    def summary(self) -> str:
        """``from 0.25, per channel``."""
        return f"from {self.alpha:g}" + ("" if self.shared else ", per channel")
