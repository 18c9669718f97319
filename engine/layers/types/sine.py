"""Sine activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Float
from engine.layers.activation import Activation
from engine.layers.base import LAYERS, Sample
from engine.primitives import Primitive
from engine.primitives.sine import Sine

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class SineLayer(Activation, id="sine", title="Sine"):
    """y = sin(frequency x); slope frequency cos(frequency x). Sitzmann et al. 2020 (SIREN)."""

    frequency: float = Float(
        1.0, low=0.0, low_open=True, high=1000.0, help="Waves per 2 pi of x; 30 in SIREN's first layer."
    )

    keywords: ClassVar[tuple[str, ...]] = ("siren", "periodic", "oscillating")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((7,),)), Sample(((2, 4, 3),), {"frequency": 3.0}))

    def primitive(self) -> Primitive:
        """Sine."""
        return Sine(self.frequency)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """torch.sin."""
        return t.line(f"torch.sin({self.frequency!r} * {inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Sin."""
        return e.node("Sin", e.node("Mul", inputs[0], e.constant(np.array(self.frequency))))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """ops.sin."""
        return k.line(f"ops.sin({self.frequency!r} * {inputs[0]})")
