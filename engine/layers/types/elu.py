"""ELU activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Float
from engine.layers.activation import Activation
from engine.layers.base import LAYERS, Sample
from engine.primitives import Primitive
from engine.primitives.elu import ELU

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class ELULayer(Activation, id="elu", title="ELU"):
    """y = x where x > 0, else alpha (exp(x) - 1). Smooth for alpha = 1. Clevert, Unterthiner & Hochreiter 2016."""

    alpha: float = Float(1.0, low=0.0, high=100.0, help="What y tends to, with a minus, for large negative x.")

    keywords: ClassVar[tuple[str, ...]] = ("exponential linear unit",)
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((7,),)), Sample(((2, 4, 3),), {"alpha": 0.5}))

    def primitive(self) -> Primitive:
        """ELU."""
        return ELU(self.alpha)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.ELU."""
        return t.line(f"{t.module(f'nn.ELU({self.alpha!r})')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Elu."""
        return e.node("Elu", inputs[0], alpha=self.alpha)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.ELU."""
        return k.layer(f"layers.ELU(alpha={self.alpha!r})", inputs[0])
