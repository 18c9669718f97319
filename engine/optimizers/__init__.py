"""Optimizers: a file, a class, a docstring."""

from engine.optimizers.base import OPTIMIZERS, Optimizer

__all__ = ["OPTIMIZERS", "Optimizer"]
