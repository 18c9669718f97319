"""Softmax activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS, Sample
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_axes
from engine.primitives import Primitive, Shape
from engine.primitives.softmax import Softmax

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class SoftmaxLayer(Activation, id="softmax", title="Softmax"):
    """y_k = exp(x_k) / sum over j of exp(x_j): over the last axis, or an image's channels. Bridle 1990."""

    keywords: ClassVar[tuple[str, ...]] = ("probability", "classification")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((7,),)), Sample(((3, 2, 5),)), Sample(((2, 5),)))

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_axes(self.title, inputs[0], 1, "one number per class")
        return inputs[0]

    def primitive(self) -> Primitive:
        """Softmax over the last axis."""
        return Softmax()

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """Softmax over the class axis. Marks its input "z" and its output "a"."""
        b.mark("z", inputs[0])
        return b.mark("a", b.op(Softmax(_class_axis(inputs[0].shape)), inputs[0]))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Softmax."""
        return t.line(f"{t.module(f'nn.Softmax({_with_batch(t.shape(inputs[0]))})')}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Softmax."""
        return e.node("Softmax", inputs[0], axis=_with_batch(e.shape(inputs[0])))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Softmax."""
        return k.layer(f"layers.Softmax(axis={_with_batch(k.shape(inputs[0]))})", inputs[0])


def _class_axis(shape: Shape) -> int:
    """Channels of an image, else the last axis; counted per sample."""
    return 0 if len(shape) == 3 else -1


def _with_batch(shape: Shape) -> int:
    return 1 if len(shape) == 3 else -1
