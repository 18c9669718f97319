"""Where in the network the answer appears: a linear read-out after every layer, and how rich each layer's picture is.

Alain & Bengio 2017 (linear probes); Roy & Vetterli 2007 (effective rank); Kornblith et al. 2019 (linear CKA).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Floats, Key
from engine.backends.interpreter import forward
from engine.plan import Plan
from engine.primitives import Context
from engine.probes.measurements.objective import Batch, cast, stored_values
from engine.probes.measurements.watch import Watch

#: penalties tried, as multiples of the mean squared singular value
PENALTIES = tuple(10.0**k for k in range(-6, 3))

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Readout:
    """``score``: share of right answers, or R2, of a ridge regression on this layer's output, on samples that it was
    not fitted to. ``penalty``: chosen by the leave-one-out error. ``rank``: effective rank of the outputs over the
    fitted samples; at most ``size``, the numbers per sample, and the number of samples."""

    node: str
    score: float
    penalty: float
    rank: float
    size: int


def readouts(
    plan: Plan,
    weights: Mapping[Key, Floats],
    fit: tuple[Batch, Values],
    judge: tuple[Batch, Values],
    *,
    classes: bool,
    watch: Watch | None = None,
) -> tuple[tuple[Readout, ...], Values]:
    """Every card's read-out, sources first, and the linear CKA between all of them (L, L).

    ``fit`` and ``judge``: inputs by field and the wanted answers (N, K), one-hot where ``classes``.
    """
    first, second = (card_outputs(plan, weights, x) for x, _ in (fit, judge))
    found: list[Readout] = []
    grams: list[Values] = []
    for k, node in enumerate(first):
        if watch is not None:
            watch.tell(k, len(first))
        a = first[node].reshape(len(first[node]), -1)
        b = second[node].reshape(len(second[node]), -1)
        centre = a.mean(0)
        u, s = left_svd(a - centre)
        target, offset = fit[1] - fit[1].mean(0), fit[1].mean(0)
        penalty = best_penalty(u, s, target)
        guessed = (b - centre) @ ((a - centre).T @ _duals(u, s, target, penalty)) + offset
        score = _accuracy(guessed, judge[1]) if classes else _explained(guessed, judge[1])
        found.append(Readout(node, score, penalty, effective_rank(s), a.shape[1]))
        grams.append((u * s**2) @ u.T)
    return tuple(found), linear_cka(grams)


def card_outputs(plan: Plan, weights: Mapping[Key, Floats], x: Batch) -> dict[str, Floats]:
    """What every card gives for these samples in use, sources first; whole numbers are left out, logits stand for the
    last probabilities, and a card that only moves numbers repeats nobody."""
    stored = stored_values(plan, weights)
    context = Context(np, training=False, update_state=False)
    run = forward(plan, context, stored, {k: cast(v) for k, v in x.items()}, plan.loss_steps)
    logits = {h.shown: h.prediction for h in plan.heads}
    moved = {s.node for s in plan.steps} - {
        s.node for s in plan.steps if s.primitive.id not in ("reshape", "permute", "dropout", "gaussian_noise")
    }
    seen: set[int] = set()
    found: dict[str, Floats] = {}
    for node, value in plan.outputs.items():
        at = value if value in run.values else logits.get(value, value)
        if at in run.values and run.values[at].dtype.kind == "f" and at not in seen and node not in moved:
            found[node] = run.values[at]
            seen.add(at)
    return found


def best_penalty(u: Values, s: Values, y: Values) -> float:
    """The penalty with the least leave-one-out squared error of ridge regression with an offset.

    Residual without sample i: r_i / (1 - h_i), h_i = 1/N + sum_k u_ik^2 s_k^2 / (s_k^2 + penalty); for each of
    ``PENALTIES`` times the mean of s^2. u (N, R), s (R,), y (N, K), both centred. Allen 1974.
    """
    scale = float(np.mean(s**2)) or 1.0
    best, chosen = math.inf, scale
    for factor in PENALTIES:
        kept = s**2 / (s**2 + factor * scale)
        left = y - (u * kept) @ (u.T @ y)
        lever = 1 / len(y) + (u**2) @ kept
        error = float(np.sum((left / np.maximum(1 - lever, 1e-12)[:, None]) ** 2))
        if error < best:
            best, chosen = error, factor * scale
    return chosen


def left_svd(a: Values) -> tuple[Values, Values]:
    """Left singular vectors (N, R) and singular values (R,) of a (N, D), R = min(N, D).

    A wide matrix is turned into a triangle first (a^T = Q T), which costs far less than all of its right vectors.
    """
    small = np.asarray(np.linalg.qr(a.T, mode="r")).T if a.shape[1] > a.shape[0] else a
    u, s, _ = np.linalg.svd(small, full_matrices=False)
    return u, s


def _duals(u: Values, s: Values, y: Values, penalty: float) -> Values:
    """Weights of the fitted samples (N, K): u (u^T y) / (s^2 + penalty), so that the coefficients are a^T of them."""
    return np.asarray(u @ ((u.T @ y) / (s**2 + penalty)[:, None]))


def effective_rank(s: Values) -> float:
    """exp(-sum p ln p), p = s / sum s; 0 where all is constant. Roy & Vetterli 2007."""
    total = float(s.sum())
    p = s[s > 0] / total if total > 0 else np.zeros(0)
    return float(np.exp(-np.sum(p * np.log(p)))) if len(p) else 0.0


def linear_cka(grams: list[Values]) -> Values:
    """<K_a, K_b> / (|K_a| |K_b|) for centred K = X X^T (N, N): 1 where one layer's picture is the other's, turned and
    scaled. nan where a layer is constant. Kornblith et al. 2019."""
    flat = np.array([g.ravel() for g in grams])
    norms = np.linalg.norm(flat, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((flat @ flat.T) / np.outer(norms, norms))


def _accuracy(guessed: Values, wanted: Values) -> float:
    return float(np.mean(guessed.argmax(1) == wanted.argmax(1)))


def _explained(guessed: Values, wanted: Values) -> float:
    """1 - sum (y - guess)^2 / sum (y - mean)^2 over all outputs."""
    total = float(np.sum((wanted - wanted.mean(0)) ** 2))
    return 1 - float(np.sum((wanted - guessed) ** 2)) / total if total > 0 else math.nan
