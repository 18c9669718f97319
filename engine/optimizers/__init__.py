"""Optimizers: a file, a class, a docstring. Gradient clipping stands in engine.optimizers.clip."""

from engine.optimizers.base import OPTIMIZERS, Optimizer
from engine.optimizers.clip import clip_by_norm, clip_by_value, global_norm
from engine.optimizers.rules import StepRules

__all__ = ["OPTIMIZERS", "Optimizer", "StepRules", "clip_by_norm", "clip_by_value", "global_norm"]
