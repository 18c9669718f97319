"""The identity as an activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.primitives import Shape

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class LinearLayer(Layer, id="linear", title="linear"):
    """y = x; slope 1. Any shape, unchanged. Builds nothing."""

    group = "activation"
    keywords: ClassVar[tuple[str, ...]] = ("identity", "none")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((7,),)),)

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """The input itself."""
        return inputs[0]

    def torch(self, t: TorchText, *inputs: str) -> str:
        """Nothing to write."""
        return inputs[0]

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Nothing to write."""
        return inputs[0]

    def keras(self, k: KerasText, *inputs: str) -> str:
        """Nothing to write."""
        return inputs[0]
