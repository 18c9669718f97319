"""ReLU activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.relu import ReLU

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class ReLULayer(Activation, id="relu", title="ReLU"):
    """y = max(x, 0); slope 1 or 0. Nair & Hinton 2010; Glorot, Bordes & Bengio 2011."""

    keywords: ClassVar[tuple[str, ...]] = ("rectifier",)

    def primitive(self) -> Primitive:
        """ReLU."""
        return ReLU()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.ReLU()."""
        return t.line(f"{t.module('nn.ReLU()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Relu."""
        return e.node("Relu", inputs[0])

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("relu")."""
        return k.layer('layers.Activation("relu")', inputs[0])
