"""Penalties on weights: L1, L2 and both."""

from engine.regularizers.penalty import add_gradient, penalty

__all__ = ["add_gradient", "penalty"]
