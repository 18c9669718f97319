"""Sigmoid activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.sigmoid import Sigmoid

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class SigmoidLayer(Activation, id="sigmoid", title="Sigmoid"):
    """y = 1 / (1 + exp(-x)); slope y (1 - y), at most 0.25. Verhulst 1838; Rumelhart, Hinton & Williams 1986."""

    keywords: ClassVar[tuple[str, ...]] = ("logistic",)

    def primitive(self) -> Primitive:
        """Sigmoid."""
        return Sigmoid()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Sigmoid()."""
        return t.line(f"{t.module('nn.Sigmoid()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Sigmoid."""
        return e.node("Sigmoid", inputs[0])

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("sigmoid")."""
        return k.layer('layers.Activation("sigmoid")', inputs[0])
