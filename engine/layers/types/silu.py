"""SiLU activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.silu import SiLU

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class SiLULayer(Activation, id="silu", title="SiLU"):
    """y = x / (1 + exp(-x)), also called swish. Elfwing, Uchibe & Doya 2018."""

    keywords: ClassVar[tuple[str, ...]] = ("swish", "sigmoid-weighted")

    def primitive(self) -> Primitive:
        """SiLU."""
        return SiLU()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.SiLU()."""
        return t.line(f"{t.module('nn.SiLU()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """x times Sigmoid."""
        return e.node("Mul", inputs[0], e.node("Sigmoid", inputs[0]))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("silu")."""
        return k.layer('layers.Activation("silu")', inputs[0])
