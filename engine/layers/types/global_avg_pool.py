"""GlobalAvgPool: one number per feature map."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import cells, need_image
from engine.primitives import Shape, size
from engine.primitives.global_avg_pool import GlobalAvgPool

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class GlobalAvgPoolLayer(Layer, id="global_avg_pool", title="GlobalAvgPool"):
    """y_c = mean over h, w of x_(c,h,w). x (N, C, H, W), y (N, C). Takes images of any size. Lin, Chen & Yan 2014."""

    group = "pooling"
    keywords: ClassVar[tuple[str, ...]] = ("mean", "average", "gap")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((3, 4, 5),)), Sample(((1, 1, 1),)), Sample(((2, 7, 3),)))

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C,)."""
        need_image(self.title, inputs[0])
        return inputs[0][:1]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(GlobalAvgPool(), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """A mean over both axes."""
        return t.line(f"{inputs[0]}.mean((2, 3))")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """GlobalAveragePool and Flatten."""
        return e.node("Flatten", e.node("GlobalAveragePool", inputs[0]), axis=1)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.GlobalAveragePooling2D."""
        return k.layer("layers.GlobalAveragePooling2D()", inputs[0])

    def explain(self, *inputs: Shape) -> str:
        """``7 x 7 = 49 cells of each of 64 maps become their mean``."""
        c, *image = inputs[0]
        return f"{cells(tuple(image))} = {size(tuple(image))} cells of each of {c} maps become their mean"
