"""Primitives: the operations that a plan is made of.

One small file each: shape rule, forward and backward in portable ``xp`` code (NumPy or CuPy), cost. Shapes are per
sample for batched values (the batch axis N comes first in the arrays) and whole for weights, states and constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.random import counter_bits

Array = Any  # numpy.ndarray or cupy.ndarray; one primitive never mixes them
Shape = tuple[int, ...]


@dataclass
class Context:
    """What a primitive may use besides its inputs.

    ``training``: dropout drops, batch norm uses the batch. ``update_state``: running statistics move.
    ``seed`` and ``step`` feed the counter-based generator, so that a mask can be recomputed at any time.
    """

    xp: Any
    training: bool = False
    update_state: bool = True
    seed: int = 0
    step: int = 0

    def uniform_bits(self, stream: int, shape: Shape) -> Array:
        """uint32 per element, a pure function of (seed, stream, step, element)."""
        return counter_bits(self.xp, self.seed, stream, self.step, shape)


@dataclass(frozen=True)
class Primitive:
    """One operation. Subclasses are frozen dataclasses: their fields are the operation's constants."""

    id: ClassVar[str] = ""
    #: what backward reads, so that memory is part of the interface
    keeps_inputs: ClassVar[bool] = True
    keeps_output: ClassVar[bool] = False
    #: draws random numbers; such a primitive has a field ``stream``
    random: ClassVar[bool] = False

    def shape(self, *inputs: Shape) -> Shape:
        """Output shape from input shapes."""
        raise NotImplementedError

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """(output, whatever backward needs besides inputs and output)."""
        raise NotImplementedError

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dL/d(input) for each input; None where ``needs`` is false or the input has no gradient."""
        raise NotImplementedError

    def macs(self, *inputs: Shape) -> int:
        """Multiply-adds of one forward pass of one sample. Elementwise operations count 0, as is usual."""
        return 0

    def saved_bytes(self, itemsize: int, *inputs: Shape) -> int:
        """Bytes per sample that forward saves besides inputs and output."""
        return 0


PRIMITIVES: dict[str, type[Primitive]] = {}


def primitive(cls: type[Primitive]) -> type[Primitive]:
    """Class decorator: registers a primitive by its id; two with one id are refused."""
    if not cls.id or cls.id in PRIMITIVES:
        raise TypeError(f"primitive {cls.__name__} needs an id of its own, not {cls.id!r}")
    PRIMITIVES[cls.id] = cls
    return cls


def size(shape: Shape) -> int:
    """Number of elements."""
    count = 1
    for axis in shape:
        count *= axis
    return count
