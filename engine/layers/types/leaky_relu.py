"""Leaky ReLU activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Float
from engine.layers.activation import Activation
from engine.layers.base import LAYERS, Sample
from engine.primitives import Primitive
from engine.primitives.leaky_relu import LeakyReLU

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class LeakyReLULayer(Activation, id="leaky_relu", title="LeakyReLU"):
    """y = x where x > 0, else slope x. Units cannot die: some gradient always passes. Maas, Hannun & Ng 2013."""

    slope: float = Float(0.01, low=0.0, high=1.0, label="negative slope", help="Slope where x is negative.")

    keywords: ClassVar[tuple[str, ...]] = ("rectifier", "leak")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((7,),)),
        Sample(((2, 4, 3),), {"slope": 0.2}),
        Sample(((5,),), {"slope": 0.0}),
    )

    def primitive(self) -> Primitive:
        """LeakyReLU."""
        return LeakyReLU(self.slope)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.LeakyReLU."""
        return t.line(f"{t.module(f'nn.LeakyReLU({self.slope!r})')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """LeakyRelu."""
        return e.node("LeakyRelu", inputs[0], alpha=self.slope)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.LeakyReLU."""
        return k.layer(f"layers.LeakyReLU(negative_slope={self.slope!r})", inputs[0])

    def summary(self) -> str:
        """``slope 0.01``."""
        return f"slope {self.slope:g}"
