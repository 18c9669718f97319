"""What a loss is: per-sample values and their gradient with respect to the network's output."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

from engine.declare import Declared, Registry
from engine.primitives import Array, Shape


class Loss(Declared):
    """L = mean over samples of l(y, t). The displayed loss is this data loss; penalties stand beside it.

    ``target``: "classes" (int64 indices, shape (N,)), "binary" (0/1 floats, shape like y) or "values" (floats like y).
    ``fuses``: a cross-entropy is computed from logits; a layer of that id directly before the Output is taken out of
    the loss's path and shown as probabilities.
    """

    target: ClassVar[Literal["classes", "binary", "values"]] = "values"
    fuses: ClassVar[Literal["softmax", "sigmoid"] | None] = None

    @abstractmethod
    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """l(y_i, t_i) for each sample, shape (N,)."""

    @abstractmethod
    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """d l_i / d y_i, shape of y; not divided by N."""

    def check(self, y: Shape) -> str:
        """"" if the loss takes a prediction of this per-sample shape, else the reason."""
        return ""


LOSSES: Registry[Loss] = Registry("loss", "engine.losses.types")
