"""Penalties on weights: L1, L2, both, and the proximal step that brings weights to exactly zero."""

from engine.regularizers.base import REGULARIZERS, Regularizer
from engine.regularizers.penalty import add_gradient, penalty, soft_threshold

__all__ = ["REGULARIZERS", "Regularizer", "add_gradient", "penalty", "soft_threshold"]
