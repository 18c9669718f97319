"""SELU activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.elu import ELU

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText

# The fixed point of Klambauer et al. for mean 0 and variance 1, to float64.
ALPHA, SCALE = 1.6732632423543772848, 1.0507009873554804934


@LAYERS.add
class SELULayer(Activation, id="selu", title="SELU"):
    """y = 1.0507 x where x > 0, else 1.0507 * 1.67326 (exp(x) - 1). Klambauer et al. 2017: keeps mean 0, variance 1."""

    keywords: ClassVar[tuple[str, ...]] = ("self-normalizing", "scaled exponential linear unit")

    def primitive(self) -> Primitive:
        """ELU with its two constants."""
        return ELU(ALPHA, SCALE)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.SELU()."""
        return t.line(f"{t.module('nn.SELU()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Selu."""
        return e.node("Selu", inputs[0], alpha=ALPHA, gamma=SCALE)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("selu")."""
        return k.layer('layers.Activation("selu")', inputs[0])
