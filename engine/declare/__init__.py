"""Declare once: parameters with type, range, unit, default and text, and registries of what declares them.

Forms, files, exporters, reference pages and tests are all generated from these declarations.
"""

from engine.declare.param import (
    Bool,
    Choice,
    Float,
    Floats,
    Int,
    Ints,
    Param,
    ParamError,
    Ref,
    Text,
)
from engine.declare.registry import Declared, Registry, UnknownTypeError
from engine.declare.value import Spec, Value

__all__ = [
    "Bool",
    "Choice",
    "Declared",
    "Float",
    "Floats",
    "Int",
    "Ints",
    "Param",
    "ParamError",
    "Ref",
    "Registry",
    "Spec",
    "Text",
    "UnknownTypeError",
    "Value",
]
