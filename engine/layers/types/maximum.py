"""Maximum: the largest of several inputs, cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS, Layer, Port, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_equal
from engine.primitives import Shape
from engine.primitives.maximum import Maximum

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class MaximumLayer(Layer, id="maximum", title="Maximum"):
    """y = max(x1, x2, ...), elementwise. Any shape, the same for all. The winner gets the gradient.

    Goodfellow et al. 2013.
    """

    group = "merge"
    inputs: ClassVar[tuple[Port, ...]] = (Port(many=True),)
    keywords: ClassVar[tuple[str, ...]] = ("maxout", "largest", "max")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5,), (5,))),
        Sample(((2, 3, 4), (2, 3, 4), (2, 3, 4))),
        Sample(((3, 1), (3, 1))),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """That of the inputs."""
        need_equal(self.title, inputs)
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(Maximum(), *inputs)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """torch.maximum, from left to right."""
        y = inputs[0]
        for x in inputs[1:]:
            y = t.line(f"torch.maximum({y}, {x})")
        return y

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Max."""
        return e.node("Max", *inputs)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Maximum."""
        return k.layer("layers.Maximum()", *inputs)
