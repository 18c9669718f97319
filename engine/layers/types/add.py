"""Add: several inputs become their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS, Layer, Port, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_equal
from engine.primitives import Shape
from engine.primitives.add import Add

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class AddLayer(Layer, id="add", title="Add"):
    """y = x1 + x2 + ... Any shape, the same for all inputs. The gradient passes to each unchanged. He et al. 2016."""

    group = "merge"
    inputs: ClassVar[tuple[Port, ...]] = (Port(many=True),)
    keywords: ClassVar[tuple[str, ...]] = ("sum", "residual", "skip", "plus")
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
        return b.op(Add(), *inputs)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """x1 + x2."""
        return t.line(" + ".join(inputs))

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Sum."""
        return e.node("Sum", *inputs)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Add."""
        return k.layer("layers.Add()", *inputs)
