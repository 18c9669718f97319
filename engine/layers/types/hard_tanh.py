"""Hard tanh activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.clip import Clip

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class HardTanhLayer(Activation, id="hard_tanh", title="Hard tanh"):
    """y = min(max(x, -1), 1); slope 1 for -1 < x < 1, else 0. Collobert 2004."""

    keywords: ClassVar[tuple[str, ...]] = ("piecewise linear", "clip")

    def primitive(self) -> Primitive:
        """Clip."""
        return Clip()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Hardtanh()."""
        return t.line(f"{t.module('nn.Hardtanh()')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Clip."""
        return e.node("Clip", inputs[0], e.constant(np.array(-1.0)), e.constant(np.array(1.0)))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("hard_tanh")."""
        return k.layer('layers.Activation("hard_tanh")', inputs[0])
