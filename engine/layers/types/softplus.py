"""Softplus activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.softplus import Softplus

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class SoftplusLayer(Activation, id="softplus", title="Softplus"):
    """y = ln(1 + exp(x)); slope 1 / (1 + exp(-x)). A smooth ReLU. Dugas et al. 2001."""

    keywords: ClassVar[tuple[str, ...]] = ("smooth rectifier",)

    def primitive(self) -> Primitive:
        """Softplus."""
        return Softplus()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Softplus()."""
        return t.line(f"{t.module('nn.Softplus()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Softplus."""
        return e.node("Softplus", inputs[0])

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("softplus")."""
        return k.layer('layers.Activation("softplus")', inputs[0])
