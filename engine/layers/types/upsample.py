"""Upsample: a larger image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Choice, Ints
from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_image
from engine.primitives import Shape
from engine.primitives.upsample import Upsample

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class UpsampleLayer(Layer, id="upsample", title="Upsample"):
    """y = x enlarged s times in height and t times in width. x (N, C, H, W), y (N, C, s H, t W).

    "nearest" repeats each cell; "bilinear" interpolates at (h + 1/2) / s - 1/2, held at the border.
    Odena, Dumoulin & Olah 2016.
    """

    scale: tuple[int, int] = Ints((2, 2), low=1, high=64, length=(2, 2), help="How many times larger: height, width.")
    mode: str = Choice("nearest", "nearest", "bilinear", help="Repeat cells, or interpolate between them.")

    group = "shape"
    keywords: ClassVar[tuple[str, ...]] = ("resize", "enlarge", "interpolate", "unpool")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((2, 3, 5),)),
        Sample(((1, 3, 4),), {"scale": (3, 2), "mode": "bilinear"}),
        Sample(((2, 1, 3),), {"scale": (1, 3)}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C, s H, t W)."""
        need_image(self.title, inputs[0])
        return Upsample(self.scale).shape(*inputs)

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(Upsample(self.scale, self.mode), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Upsample."""
        module = t.module(f'nn.Upsample(scale_factor={self.scale}, mode="{self.mode}")')
        return t.line(f"{module}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Resize."""
        scales = e.constant(np.array([1, 1, *self.scale], dtype=np.float32))
        if self.mode == "nearest":
            how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        else:
            how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        return e.node("Resize", inputs[0], "", scales, **how)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.UpSampling2D."""
        return k.layer(f'layers.UpSampling2D({self.scale}, interpolation="{self.mode}")', inputs[0])

    def summary(self) -> str:
        """``2x2, nearest``."""
        return f"{'x'.join(map(str, self.scale))}, {self.mode}"

    def explain(self, *inputs: Shape) -> str:
        """``7 x 2 = 14; 7 x 2 = 14``."""
        return "; ".join(f"{n} x {s} = {n * s}" for n, s in zip(inputs[0][1:], self.scale, strict=True))
