"""Softsign activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.softsign import Softsign

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class SoftsignLayer(Activation, id="softsign", title="Softsign"):
    """y = x / (1 + |x|); slope 1 / (1 + |x|)^2. Bergstra et al. 2009; Glorot & Bengio 2010."""

    keywords: ClassVar[tuple[str, ...]] = ("saturating",)

    def primitive(self) -> Primitive:
        """Softsign."""
        return Softsign()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Softsign()."""
        return t.line(f"{t.module('nn.Softsign()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Softsign."""
        return e.node("Softsign", inputs[0])

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("softsign")."""
        return k.layer('layers.Activation("softsign")', inputs[0])
