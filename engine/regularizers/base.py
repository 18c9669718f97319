"""What a regularizer is: a penalty on one weight beside the data loss, and how it acts on the training."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from engine.declare import Declared, Registry
from engine.primitives import Array


class Regularizer(Declared):
    """L = data loss + sum over weights of penalty(w). Acts through the gradient, or after the step, never both."""

    @abstractmethod
    def penalty(self, xp: Any, w: Array) -> float:
        """Its share of the loss."""

    def add_gradient(self, xp: Any, g: Array, w: Array) -> None:
        """g <- g + d penalty / dw, in place; nothing where the penalty acts after the step."""

    def after_step(self, xp: Any, w: Array, rate: float) -> None:
        """Moves w after a step of learning rate ``rate``, in place; nothing where the penalty acts by gradient."""


REGULARIZERS: Registry[Regularizer] = Registry("regularizer", "engine.regularizers.types")
