"""What an optimizer is: one in-place update of a weight from its gradient, with named state tensors."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from engine.declare import Declared, Float, Registry
from engine.primitives import Array


class Optimizer(Declared):
    """w <- w + update(g, state). Elementwise, so backends may flatten all weights into one array.

    ``rate`` is the base learning rate, which a schedule scales; it can be changed while training runs. ``slots`` names
    the state tensors (each like w, starting at ``slot_start``). Conventions and defaults follow torch.optim.
    """

    rate: float = Float(0.01, low=0.0, label="learning rate", help="Size of a step.")

    slots: ClassVar[tuple[str, ...]] = ()

    def slot_start(self, slot: str) -> float:
        """The value that a state tensor starts with."""
        return 0.0

    @abstractmethod
    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """One update, in place. ``rate``: the scheduled learning rate; ``step`` counts from 1."""


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", "engine.optimizers.types")
