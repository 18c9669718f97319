"""Growing cosine activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.growing_cosine import GrowingCosine

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class GrowingCosineLayer(Activation, id="growing_cosine", title="Growing cosine"):
    """y = x cos x; slope cos x - x sin x. One such unit solves XOR alone. Noel, Trivedi & Dutta 2021."""

    keywords: ClassVar[tuple[str, ...]] = ("gcu", "oscillating", "xor")

    def primitive(self) -> Primitive:
        """GrowingCosine."""
        return GrowingCosine()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """x times torch.cos."""
        return t.line(f"{inputs[0]} * torch.cos({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """x times Cos."""
        return e.node("Mul", inputs[0], e.node("Cos", inputs[0]))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """x times ops.cos."""
        return k.line(f"{inputs[0]} * ops.cos({inputs[0]})")
