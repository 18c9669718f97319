"""Losses: a file, a class, a docstring."""

from engine.losses.base import LOSSES, Loss

__all__ = ["LOSSES", "Loss"]
