"""The operations that plans are made of."""

from engine.primitives.base import PRIMITIVES, Array, Context, Primitive, Shape, primitive, size

__all__ = ["PRIMITIVES", "Array", "Context", "Primitive", "Shape", "primitive", "size"]
