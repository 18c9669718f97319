"""Mish activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.mish import Mish

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class MishLayer(Activation, id="mish", title="Mish"):
    """y = x tanh(ln(1 + exp(x))). Misra 2019."""

    keywords: ClassVar[tuple[str, ...]] = ("smooth",)

    def primitive(self) -> Primitive:
        """Mish."""
        return Mish()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Mish()."""
        return t.line(f"{t.module('nn.Mish()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """x times Tanh of Softplus."""
        return e.node("Mul", inputs[0], e.node("Tanh", e.node("Softplus", inputs[0])))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("mish")."""
        return k.layer('layers.Activation("mish")', inputs[0])
