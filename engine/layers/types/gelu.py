"""GELU activation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.gelu import GELU

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class GELULayer(Activation, id="gelu", title="GELU"):
    """y = x Phi(x), Phi the normal distribution function (1 + erf(x / sqrt 2)) / 2. Hendrycks & Gimpel 2016."""

    keywords: ClassVar[tuple[str, ...]] = ("gaussian error linear unit", "transformer")

    def primitive(self) -> Primitive:
        """GELU."""
        return GELU()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.GELU()."""
        return t.line(f"{t.module('nn.GELU()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """By Erf: the operator Gelu is younger than the opset written."""
        phi = e.node("Erf", e.node("Mul", inputs[0], e.constant(np.array(math.sqrt(0.5)))))
        phi = e.node("Mul", e.node("Add", phi, e.constant(np.array(1.0))), e.constant(np.array(0.5)))
        return e.node("Mul", inputs[0], phi)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("gelu")."""
        return k.layer('layers.Activation("gelu")', inputs[0])
