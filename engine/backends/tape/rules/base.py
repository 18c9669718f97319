"""What a primitive's rule says: whether the tape can run it, how its values lie, and which instructions it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.backends.tape.layout import Image, Store
from engine.layers import Step
from engine.plan import Plan
from engine.primitives import Shape

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler


class Rule:
    """The rule of one primitive, without state. The order of the methods is the order in which they are called."""

    #: ids of the primitives
    primitives: ClassVar[tuple[str, ...]] = ()

    def refusal(self, plan: Plan, step: Step) -> str:
        """Empty if there is a kernel for this step, else what there is none for."""
        return ""

    def order(self, c: Compiler, step: Step) -> Image | None:
        """How the output lies: an image's (C, H, W) if as (H, W, C), else None."""
        return natural(c.plan.values[step.output].shape)

    def demand(self, c: Compiler, step: Step) -> None:
        """Halos that the step needs, layouts of its weights."""

    def reserve(self, c: Compiler, step: Step) -> None:
        """Room for gradients that each thread sums by itself."""

    def alias(self, c: Compiler, step: Step) -> Store | None:
        """Where the output lies if it needs no place of its own."""
        return None

    def alias_gradient(self, c: Compiler, step: Step) -> Store | None:
        """The same for its gradient."""
        return None

    def prepare(self, c: Compiler, step: Step) -> None:
        """Instructions that make what is needed of the weights, once for many uses: packed, turned, transformed."""

    def forward(self, c: Compiler, step: Step) -> None:
        """Instructions from inputs to output."""
        raise NotImplementedError

    def backward(self, c: Compiler, step: Step) -> None:
        """Instructions from the output's gradient to those of the inputs."""
        raise NotImplementedError


def row_image(c: Compiler, shape: Shape, key: object, halo: int = 0) -> Store:
    """A place for sequences (C, L) as images one row high: with the channels last, as kernels want them."""
    row = (shape[0], 1, shape[1])
    store = Store(0, row, row, halo)
    return store.at(c.buffer(key, store.extent * c.capacity))


def natural(shape: Shape) -> Image | None:
    """Images lie as (H, W, C), all else in C order."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else None
