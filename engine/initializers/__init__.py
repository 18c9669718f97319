"""Initializers: a file, a class, a docstring."""

from engine.initializers.base import INITIALIZERS, Initializer

__all__ = ["INITIALIZERS", "Initializer"]
