"""What a loss is: per-sample values and their gradient with respect to the network's output."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

from engine.declare import Declared, Registry
from engine.primitives import Array, Shape


class Loss(Declared):
    """L = mean over samples of l(y, t). The displayed loss is this data loss; penalties stand beside it.

    ``target``: "classes" (int64 indices, shape (N,), or (N, ...) for one class per position of y (N, C, ...)),
    "binary" (0/1 floats, shape like y) or "values" (floats like y). Where "binary" or "values" are wanted, any array
    of as many numbers in the same order does.
    ``fuses``: a cross-entropy is computed from logits; a layer of that id directly before the Output is taken out of
    the loss's path and shown as probabilities.
    """

    target: ClassVar[Literal["classes", "binary", "values"]] = "values"
    fuses: ClassVar[Literal["softmax", "sigmoid"] | None] = None
    #: a head of one output means class 1 where its shown value exceeds this
    threshold: ClassVar[float] = 0.5

    @abstractmethod
    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """l(y_i, t_i) for each sample, shape (N,)."""

    @abstractmethod
    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """d l_i / d y_i, shape of y; not divided by N."""

    @abstractmethod
    def torch_text(self) -> str:
        """L as a PyTorch expression of ``y`` and ``t`` (as above); names ``torch`` and ``F`` (torch.nn.functional)."""

    @abstractmethod
    def keras_text(self) -> str:
        """L as a Keras 3 expression of ``y`` and ``t`` (as above); name ``ops`` (keras.ops)."""

    def check(self, y: Shape) -> str:
        """Empty if the loss takes a prediction of this per-sample shape, else the reason."""
        return ""

    def check_target(self, y: Shape, t: Array) -> str:
        """Empty if targets (N, ...) of a whole split fit predictions of per-sample shape ``y``, else the reason."""
        wanted = 1
        for axis in y[1:] if self.target == "classes" else y:
            wanted *= axis
        came = t.size // max(len(t), 1)
        if came != wanted:
            return f"{self.title} needs {wanted} target(s) per sample for this output, but the data has {came}"
        if not t.size:
            return ""
        low, high = float(t.min()), float(t.max())
        if low != low or high != high:
            return f"the targets contain NaN, which {self.title} cannot learn from"
        if self.target == "classes":
            return self._check_classes(y, t, low, high)
        if self.target == "binary" and not -1 <= low <= high <= 1:
            return f"{self.title} needs targets 0 or 1, but the data goes from {low:g} to {high:g}"
        return ""

    def _check_classes(self, y: Shape, t: Array, low: float, high: float) -> str:
        if t.dtype.kind not in "iu":
            return f"{self.title} needs class numbers (whole), but the targets are of type {t.dtype}"
        if low < 0:
            return f"{self.title} needs class numbers from 0, but the data starts at {low:g}"
        if high >= y[0]:
            return (
                f"{self.title} over {y[0]} outputs needs class numbers up to {y[0] - 1}, "
                f"but the data has {high:g}; give the last layer {int(high) + 1} units"
            )
        return ""


def like(y: Array, t: Array) -> Array:
    """t with the shape and type of y; (N,) beside (N, 1) would broadcast to N x N and train on nonsense.

    Raises ValueError naming both shapes where they hold different numbers of values.
    """
    if t.size != y.size:
        raise ValueError(f"a target of shape {tuple(t.shape)} does not fit a prediction of shape {tuple(y.shape)}")
    return t.reshape(y.shape).astype(y.dtype, copy=False)


def rows(a: Array) -> Array:
    """(N, ...) as (N, K)."""
    return a.reshape(len(a), -1)


def outputs(y: Array) -> int:
    """K, the numbers per sample."""
    count = 1
    for axis in y.shape[1:]:
        count *= axis
    return count


LOSSES: Registry[Loss] = Registry("loss", "engine.losses.types")
