"""Average: several inputs become their mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS, Layer, Port, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_equal
from engine.primitives import Shape
from engine.primitives.add import Add
from engine.primitives.scale_shift import ScaleShift

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class AverageLayer(Layer, id="average", title="Average"):
    """y = (x1 + ... + xK) / K. Any shape, the same for all K inputs. The gradient is shared equally."""

    group = "merge"
    inputs: ClassVar[tuple[Port, ...]] = (Port(many=True),)
    keywords: ClassVar[tuple[str, ...]] = ("mean", "ensemble")
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
        """The sum, divided."""
        return b.op(ScaleShift((1 / len(inputs),)), b.op(Add(), *inputs))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """The sum, divided."""
        return t.line(f"({' + '.join(inputs)}) / {len(inputs)}")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Mean."""
        return e.node("Mean", *inputs)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Average."""
        return k.layer("layers.Average()", *inputs)
