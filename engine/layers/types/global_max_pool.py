"""GlobalMaxPool: the strongest answer of each feature map."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import cells, need_image
from engine.primitives import Shape
from engine.primitives.global_max_pool import GlobalMaxPool

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class GlobalMaxPoolLayer(Layer, id="global_max_pool", title="GlobalMaxPool"):
    """y_c = max over h, w of x_(c,h,w). x (N, C, H, W), y (N, C). Takes images of any size. Oquab et al. 2015."""

    group = "pooling"
    keywords: ClassVar[tuple[str, ...]] = ("maximum", "gmp")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((3, 4, 5),)), Sample(((1, 1, 1),)), Sample(((2, 7, 3),)))

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C,)."""
        need_image(self.title, inputs[0])
        return inputs[0][:1]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(GlobalMaxPool(), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """The largest of each map."""
        return t.line(f"{inputs[0]}.flatten(2).max(2).values")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """GlobalMaxPool and Flatten."""
        return e.node("Flatten", e.node("GlobalMaxPool", inputs[0]), axis=1)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.GlobalMaxPooling2D."""
        return k.layer("layers.GlobalMaxPooling2D()", inputs[0])

    def explain(self, *inputs: Shape) -> str:
        """``the largest of 7 x 7 cells of each of 64 maps``."""
        c, *image = inputs[0]
        return f"the largest of {cells(tuple(image))} cells of each of {c} maps"
