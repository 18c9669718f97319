"""SpatialDropout: whole feature maps are silenced in each training step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Float
from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_axes
from engine.primitives import Shape
from engine.primitives.dropout import Dropout

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class SpatialDropout(Layer, id="spatial_dropout", title="SpatialDropout"):
    """y = x m / (1 - rate), one m per feature map, 1 with probability 1 - rate; y = x outside training.

    x, y (N, C, ...). Neighbouring cells say the same, so dropping single ones would drop little. Tompson et al. 2015.
    """

    rate: float = Float(0.2, low=0.0, high=0.95, help="Share of feature maps silenced in each training step.")

    group = "regularization"
    keywords: ClassVar[tuple[str, ...]] = ("dropout2d", "mask", "overfitting", "channel dropout")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((5, 3, 2),)), Sample(((3, 2, 5),), {"rate": 0.5}))

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_axes(self.title, inputs[0], 2, "N x C x H x W")
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive, with a random stream of its own."""
        return b.op(Dropout(self.rate, spatial=True), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Dropout1d, 2d or 3d."""
        kind = len(t.shape(inputs[0])) - 1
        return t.line(f"{t.module(f'nn.Dropout{kind}d({self.rate!r})')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Dropout, which passes everything unless it is told to train."""
        return e.node("Dropout", inputs[0], e.constant(np.array(self.rate, dtype=np.float32)))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Dropout with one mask for all cells of a map."""
        shape = k.shape(inputs[0])
        noise = (None, shape[0], *(1 for _ in shape[1:]))
        return k.layer(f"layers.Dropout({self.rate!r}, noise_shape={noise})", inputs[0])

    def summary(self) -> str:
        """``20 %``."""
        return f"{self.rate * 100:g} %"
