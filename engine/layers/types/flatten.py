"""Flatten: an image becomes a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import cells
from engine.primitives import Shape, size
from engine.primitives.reshape import Reshape

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class Flatten(Layer, id="flatten", title="Flatten"):
    """y = the numbers of x in one row, channel by channel, line by line. x (N, C, H, W) or any shape, y (N, C H W)."""

    group = "shape"
    keywords: ClassVar[tuple[str, ...]] = ("vector", "reshape")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((2, 3, 5),)), Sample(((7,),)), Sample(((3, 4),)))

    def shape(self, *inputs: Shape) -> Shape:
        """(...) -> (product,)."""
        return (size(inputs[0]),)

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """A reshape."""
        return b.op(Reshape((size(inputs[0].shape),)), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """flatten(1)."""
        return t.line(f"{inputs[0]}.flatten(1)")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Flatten."""
        return e.node("Flatten", inputs[0], axis=1)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Reshape: layers.Flatten would put channels last first."""
        return k.layer(f"layers.Reshape(({size(k.shape(inputs[0]))},))", inputs[0])

    def explain(self, *inputs: Shape) -> str:
        """``64 x 5 x 5 = 1600``."""
        return f"{cells(inputs[0])} = {size(inputs[0])}" if len(inputs[0]) > 1 else "a vector stays as it is"
