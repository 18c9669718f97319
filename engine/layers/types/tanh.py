"""Tanh activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.tanh import Tanh

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class TanhLayer(Activation, id="tanh", title="tanh"):
    """y = tanh x; slope 1 - y^2, at most 1. LeCun 1989."""

    keywords: ClassVar[tuple[str, ...]] = ("hyperbolic tangent",)

    def primitive(self) -> Primitive:
        """Tanh."""
        return Tanh()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Tanh()."""
        return t.line(f"{t.module('nn.Tanh()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Tanh."""
        return e.node("Tanh", inputs[0])

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("tanh")."""
        return k.layer('layers.Activation("tanh")', inputs[0])
