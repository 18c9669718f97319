"""Base of the activation layers: elementwise functions that draw as nodes and as settings of Dense and Conv2D."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from engine.layers.base import Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.primitives import Primitive, Shape


class Activation(Layer):
    """y = phi(x). Any shape, unchanged. Base class; not a layer type itself."""

    group = "activation"
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((7,),)), Sample(((2, 4, 3),)))

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]

    @abstractmethod
    def primitive(self) -> Primitive:
        """The operation itself."""

    def operands(self, b: Builder, x: Ref) -> tuple[Ref, ...]:
        """What the operation reads: x, and a weight where it learns one."""
        return (x,)

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive. Marks its input "z" and its output "a"."""
        b.mark("z", inputs[0])
        return b.mark("a", b.op(self.primitive(), *self.operands(b, inputs[0])))
