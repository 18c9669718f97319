"""Dropout: some units are silenced in each training step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Float
from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.primitives import Shape
from engine.primitives.dropout import Dropout

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class DropoutLayer(Layer, id="dropout", title="Dropout"):
    """y = x m / (1 - rate), each m = 1 with probability 1 - rate, else 0; outside training y = x. Any shape, unchanged.

    Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014.
    """

    rate: float = Float(0.5, low=0.0, high=0.95, help="Share of units silenced in each training step.")

    group = "regularization"
    keywords: ClassVar[tuple[str, ...]] = ("mask", "overfitting", "noise")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((7,),)),
        Sample(((2, 3, 5),), {"rate": 0.2}),
        Sample(((4,),), {"rate": 0.0}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive, with a random stream of its own."""
        return b.op(Dropout(self.rate), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Dropout."""
        return t.line(f"{t.module(f'nn.Dropout({self.rate!r})')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Dropout, which passes everything unless it is told to train."""
        return e.node("Dropout", inputs[0], e.constant(np.array(self.rate, dtype=np.float32)))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Dropout."""
        return k.layer(f"layers.Dropout({self.rate!r})", inputs[0])

    def summary(self) -> str:
        """``20 %``."""
        return f"{self.rate * 100:g} %"
