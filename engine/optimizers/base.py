"""What an optimizer is: one in-place update of a weight from its gradient, with named state tensors."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from engine.declare import Bool, Declared, Float, Registry
from engine.primitives import Array


class Optimizer(Declared):
    """w <- w + update(g, state). Elementwise, so backends may flatten all weights into one array.

    ``rate`` is the base learning rate, which a schedule scales; it can be changed while training runs. ``slots`` names
    the state tensors (each like w, starting at ``slot_start``); an instance has only those that its parameters need.
    ``update`` never writes to g. Conventions and defaults follow torch.optim.
    """

    rate: float = Float(0.01, low=0.0, label="learning rate", help="Size of a step.")

    slots: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # The learning rate is what a person looks for first, whichever base declared it.
        cls.params = {"rate": cls.params["rate"], **{k: v for k, v in cls.params.items() if k != "rate"}}

    def slot_start(self, slot: str) -> float:
        """The value that a state tensor starts with."""
        return 0.0

    def scalars(self, rate: float, step: int) -> tuple[float, ...]:
        """The numbers of one step that are the same for every weight, in float64; ``step`` counts from 1.

        Corrections such as 1 - beta^step lose their digits in float32; kernels take them from here, for many steps
        ahead if they like. What they are, each optimizer's docstring of this method says.
        """
        return (rate,)

    def torch_text(self) -> str:
        """The same optimizer as a PyTorch expression of ``parameters``; "" where torch has none."""
        return ""

    @abstractmethod
    def update(self, xp: Any, w: Array, g: Array, state: dict[str, Array], rate: float, step: int) -> None:
        """One update, in place. ``rate``: the scheduled learning rate; ``step`` counts from 1."""


class CoupledDecay(Optimizer):
    """g <- g + decay w before anything else: the gradient of decay / 2 sum w^2. Base class; not an optimizer itself."""

    weight_decay: float = Float(
        0.0, low=0.0, label="weight decay", group="regularization",
        help="Adds this times the weight to its gradient, for every weight and bias.",
    )  # fmt: skip

    def decayed(self, w: Array, g: Array) -> Array:
        """The gradient with the decay's share; g itself where there is none."""
        return g + self.weight_decay * w if self.weight_decay else g


class Betas(CoupledDecay):
    """m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2: what Adam and its kin share. Base class."""

    rate: float = Float(0.001, low=0.0, label="learning rate", help="Size of a step.")
    beta1: float = Float(0.9, low=0.0, high=0.99999, label="beta 1", help="Memory of the mean gradient.")
    beta2: float = Float(0.999, low=0.0, high=0.99999, label="beta 2", help="Memory of the mean squared gradient.")
    epsilon: float = Float(
        1e-8, low=0.0, low_open=True, group="advanced", help="Added to the divisor, against division by zero."
    )

    slots: tuple[str, ...] = ("mean", "square")

    def corrections(self, step: int) -> tuple[float, float]:
        """1 - beta1^step and 1 - beta2^step: the share of its final weight that a mean has gathered by now."""
        return 1 - self.beta1**step, 1 - self.beta2**step

    def torch_call(self, name: str, **more: object) -> str:
        """torch.optim's call with the parameters of this class, and ``more``."""
        betas = (self.beta1, self.beta2)
        return torch_call(name, lr=self.rate, betas=betas, eps=self.epsilon, weight_decay=self.weight_decay, **more)


class ChosenDecay(Betas):
    """As CoupledDecay, or w <- (1 - rate decay) w apart from the gradient (Loshchilov & Hutter 2019). Base class."""

    decoupled: bool = Bool(
        False, label="decoupled decay", group="regularization",
        help="Takes the decay, times the rate, off the weight itself instead of adding it to the gradient.",
    )  # fmt: skip

    def decay(self, w: Array, g: Array, rate: float) -> Array:
        """Decays w in place or returns the gradient with the decay's share."""
        if not self.decoupled:
            return self.decayed(w, g)
        if self.weight_decay:
            w *= 1 - rate * self.weight_decay
        return g


def torch_call(name: str, **arguments: object) -> str:
    """``torch.optim.NAME(parameters, key=value, ...)``."""
    return f"torch.optim.{name}(parameters, {', '.join(f'{k}={v!r}' for k, v in arguments.items())})"


def average(mean: Array, g: Array, beta: float) -> None:
    """mean <- beta mean + (1 - beta) g, in place."""
    mean *= beta
    mean += (1 - beta) * g


def average_square(square: Array, g: Array, beta: float) -> Array:
    """square <- beta square + (1 - beta) g^2, in place. Returns an array like it that the caller may overwrite."""
    scratch = g * g
    scratch *= 1 - beta
    square *= beta
    square += scratch
    return scratch


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", "engine.optimizers.types")
