"""What the losses over classes share: C logits on axis 1, one class number per sample or per position."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from engine.losses.base import Loss
from engine.primitives import Array, Shape


class ClassLoss(Loss):
    """L = mean over samples and positions of l(softmax(y), t). y (N, C) or (N, C, ...), t (N,) or (N, ...).

    Base of the losses over classes; not a loss itself.
    """

    target: ClassVar[Literal["classes", "binary", "values"]] = "classes"
    fuses: ClassVar[Literal["softmax", "sigmoid"] | None] = "softmax"

    def check(self, y: Shape) -> str:
        """At least two outputs on the first axis."""
        if not y or y[0] < 2:
            came = y[0] if y else 1
            return (
                f"{self.title} needs one output per class, at least 2, but the prediction has {came}; "
                "two classes in one output are a case for binary cross-entropy"
            )
        return ""


def unfolded(y: Array) -> Array:
    """(N, C, ...) as (N, C, P), P positions."""
    return y.reshape(y.shape[0], y.shape[1], -1)


def log_softmax(xp: Any, y: Array) -> Array:
    """y - log sum exp y over axis 1, shifted by the largest so that nothing overflows.

    log(1 + the others): beside the largest's own 1 the digits of small others would be lost.
    """
    top = y.argmax(1)[:, None]
    shifted = y - y.max(1, keepdims=True)
    is_top = xp.arange(y.shape[1]).reshape(-1, *[1] * (y.ndim - 2)) == top
    others = xp.where(is_top, xp.zeros_like(y), xp.exp(shifted))
    return shifted - xp.log1p(others.sum(1, keepdims=True))


def target_index(xp: Any, y: Array, t: Array) -> tuple[Array, Array, Array]:
    """Index arrays that pick the target's entry out of (N, C, P), giving (N, P).

    Raises ValueError naming both shapes where there is not one target per sample and position.
    """
    n, _, positions = y.shape
    if t.size != n * positions:
        raise ValueError(f"targets of shape {tuple(t.shape)} do not fit {n} samples of {positions} position(s)")
    classes = t.reshape(n, positions).astype(xp.int64, copy=False)
    return xp.arange(n)[:, None], classes, xp.arange(positions)[None, :]


def cross_entropy(xp: Any, y: Array, t: Array, smoothing: float, weights: Array | None) -> Array:
    """-sum_c q_c w_c log p_c per sample, q = (1 - smoothing) onehot(t) + smoothing / C, averaged over positions."""
    logits = unfolded(y)
    log_p = log_softmax(xp, logits)
    n_axis, classes, p_axis = target_index(xp, logits, t)
    loss = -log_p[n_axis, classes, p_axis]
    if weights is not None:
        loss = loss * weights[classes]
    if smoothing:
        spread = log_p if weights is None else log_p * weights[:, None]
        loss = (1 - smoothing) * loss - smoothing * spread.mean(1)
    return loss.mean(1)


def cross_entropy_gradient(xp: Any, y: Array, t: Array, smoothing: float, weights: Array | None) -> Array:
    """(p_c sum_k q_k w_k - q_c w_c) / P, shape of y; without weights p - q.

    Where p of the target is near 1, p - 1 is minus the sum of the others' p: the difference has no digits left.
    """
    logits = unfolded(y)
    count, positions = logits.shape[1:]
    gradient = xp.exp(log_softmax(xp, logits))
    index = target_index(xp, logits, t)
    p_target = gradient[index]
    gradient[index] = 0
    missing = xp.where(p_target > 0.5, gradient.sum(1), 1 - p_target)
    at_target: Any = 1 - smoothing
    over_all: Any = smoothing
    if weights is not None:
        at_target = at_target * weights[index[1]]
        over_all = smoothing * weights.mean()
        gradient *= (at_target + over_all)[:, None, :]
    gradient[index] = over_all * p_target - at_target * missing
    if smoothing:
        gradient -= smoothing / count if weights is None else (smoothing / count * weights)[:, None]
    if positions > 1:
        gradient /= positions
    return gradient.reshape(y.shape)
