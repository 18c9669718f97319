"""AdaGrad: a rate of its own for every weight, falling with what it has moved."""

from __future__ import annotations

from typing import Any

from engine.declare import Float
from engine.optimizers.base import OPTIMIZERS, CoupledDecay, torch_call
from engine.primitives import Array


@OPTIMIZERS.add
class AdaGrad(CoupledDecay, id="adagrad", title="AdaGrad"):
    """s <- s + g^2; w <- w - rate / (1 + (step - 1) fall) * g / (sqrt(s) + epsilon). Duchi, Hazan & Singer 2011."""

    rate_fall: float = Float(
        0.0, low=0.0, label="rate fall", group="advanced", help="Divides the rate by 1 + fall * steps done."
    )
    start: float = Float(
        0.0, low=0.0, label="starting sum", group="advanced", help="What the sum of squares starts with."
    )
    epsilon: float = Float(
        1e-10, low=0.0, low_open=True, group="advanced", help="Added to the divisor, against division by zero."
    )

    slots: tuple[str, ...] = ("sum",)

    def slot_start(self, slot: str) -> float:
        """The declared start."""
        return self.start

    def scalars(self, rate: float, step: int) -> tuple[float, ...]:
        """(rate / (1 + (step - 1) fall),)."""
        return (rate / (1 + (step - 1) * self.rate_fall),)

    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """Adds the squares, then divides by their root."""
        g = self.decayed(w, g)
        (pace,) = self.scalars(rate, step)
        scratch = g * g
        state["sum"] += scratch
        xp.sqrt(state["sum"], out=scratch)
        scratch += self.epsilon
        xp.divide(g, scratch, out=scratch)
        scratch *= pace
        w -= scratch

    def torch_text(self) -> str:
        """The same in torch.optim."""
        return torch_call(
            "Adagrad", lr=self.rate, lr_decay=self.rate_fall, weight_decay=self.weight_decay,
            initial_accumulator_value=self.start, eps=self.epsilon,
        )  # fmt: skip
