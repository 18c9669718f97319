"""Base of the operations that map each element by itself."""

from __future__ import annotations

from engine.primitives.base import Primitive, Shape


class Elementwise(Primitive):
    """y_i = f(x_i). Any shape, unchanged. Base class; not an operation itself."""

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]
