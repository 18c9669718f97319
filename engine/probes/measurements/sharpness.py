"""How curved the loss is: the largest eigenvalue of its Hessian, and how large a step that allows.

Gradient descent on a valley of curvature lambda diverges above a rate of 2 / lambda (Cohen et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.backends.base import Floats, Key
from engine.optimizers import Optimizer
from engine.probes.measurements.objective import Objective, Vector
from engine.probes.measurements.watch import Watch

#: relative residual at which the iteration ends, and its longest run
TOLERANCE, MOST = 1e-6, 60
#: length of the difference along a unit vector: cut off h^2, rounded off 1e-16 / h
STEP = 1e-5
#: optimizers that divide each weight's step by the root of its mean squared gradient
ADAPTIVE = ("adam", "adamw", "rmsprop")

Apply = Callable[[Vector], Vector]


@dataclass(frozen=True)
class Sharpness:
    """``value``: lambda_max; ``error``: bound of its distance to an eigenvalue (the residual); ``iterations`` made.

    ``limit``: the curvature above which the optimizer's steps overshoot at ``rate``, nan where none is known.
    ``scaled``: lambda is of P^-1/2 H P^-1/2, P the divisor by which an adaptive optimizer scales each weight's step.
    ``loss`` and ``gradient_norm`` at this point; ``samples`` that they are measured on.
    """

    value: float
    error: float
    iterations: int
    limit: float
    rate: float
    scaled: bool
    loss: float
    gradient_norm: float
    samples: int


def sharpness(
    objective: Objective,
    optimizer: Optimizer,
    rate: float,
    slots: Mapping[Key, Mapping[str, Floats]],
    step: int,
    *,
    seed: int = 0,
    watch: Watch | None = None,
) -> Sharpness:
    """lambda_max at the objective's start, for the optimizer as it stands after ``step`` steps."""
    scale = preconditioner(objective, optimizer, slots, step)

    def apply(v: Vector) -> Vector:
        if scale is None:
            return hessian_product(objective, v)
        return scale * hessian_product(objective, scale * v)

    loss, gradient = objective.loss_and_gradient(objective.start)
    value, error, count = largest_eigenvalue(apply, objective.size, seed, watch)
    limit = stable_limit(optimizer, rate) if rate > 0 else math.inf
    if scale is None and optimizer.id in ADAPTIVE:
        limit = math.nan
    norm = float(np.linalg.norm(gradient))
    return Sharpness(value, error, count, limit, rate, scale is not None, loss, norm, objective.samples)


def hessian_product(objective: Objective, v: Vector) -> Vector:
    """H v = (g(w + h u) - g(w - h u)) |v| / 2h along u = v / |v|, in float64."""
    length = float(np.linalg.norm(v))
    if length == 0:
        return np.zeros_like(v)
    h = STEP * v / length
    there, back = objective.gradient(objective.start + h), objective.gradient(objective.start - h)
    return np.asarray((there - back) * (length / (2 * STEP)))


def largest_eigenvalue(
    apply: Apply, size: int, seed: int = 0, watch: Watch | None = None, tolerance: float = TOLERANCE
) -> tuple[float, float, int]:
    """(lambda_max, residual, iterations) of a symmetric operator on vectors (size,).

    Power iteration that forgets nothing: from v, Av, AAv, ... the best combination is taken (Lanczos 1950), so tens of
    products do where the plain form needs hundreds, and the largest eigenvalue is found even where the most negative
    one is greater in size. All vectors are kept orthogonal.
    """
    if size == 0:
        return 0.0, 0.0, 0
    v = np.random.default_rng(seed).normal(size=size)
    basis = [v / np.linalg.norm(v)]
    diagonal: list[float] = []
    beside: list[float] = []
    value = error = 0.0
    most = min(MOST, size)
    for k in range(most):
        if watch is not None:
            watch.tell(k, most)
        u = apply(basis[-1])
        diagonal.append(float(u @ basis[-1]))
        kept = np.array(basis)
        for _ in range(2):  # once is not enough in finite precision
            u = u - kept.T @ (kept @ u)
        left = float(np.linalg.norm(u))
        values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
        value, error = float(values[-1]), left * abs(float(vectors[-1, -1]))
        if not math.isfinite(value) or error <= tolerance * abs(value) or left <= 1e-13 * float(np.abs(values).max()):
            break
        beside.append(left)
        basis.append(u / left)
    return value, error, len(diagonal)


def stable_limit(optimizer: Optimizer, rate: float) -> float:
    """The largest stable curvature at this rate; nan where nobody knows it.

    Gradient descent 2 / rate; momentum 2 (1 + mu) / rate; Nesterov 2 (1 + mu) / (rate (1 + 2 mu)) (Cohen et al. 2021,
    appendix B). RMSprop 2 / rate and Adam's kin 2 (1 + beta1) / (rate (1 - beta1)), of the scaled curvature (Cohen et
    al. 2022).
    """
    mu = float(getattr(optimizer, "momentum", 0.0))
    beta = float(getattr(optimizer, "beta1", 0.0))
    factors = {
        "sgd": 2.0,
        "momentum": 2 * (1 + mu),
        "nesterov": 2 * (1 + mu) / (1 + 2 * mu),
        "rmsprop": 2.0 if mu == 0 and not getattr(optimizer, "centered", False) else math.nan,
        "adam": 2 * (1 + beta) / (1 - beta),
        "adamw": 2 * (1 + beta) / (1 - beta),
    }
    return factors.get(optimizer.id, math.nan) / rate


def preconditioner(
    objective: Objective, optimizer: Optimizer, slots: Mapping[Key, Mapping[str, Floats]], step: int
) -> Vector | None:
    """P^-1/2 per weight for the optimizers whose step is divided by P = sqrt(mean square) + epsilon; else None."""
    if optimizer.id not in ADAPTIVE or step < 1 or getattr(optimizer, "amsgrad", False):
        return None
    if any("square" not in slots.get((w.node, w.name), {}) for w in objective.trained):
        return None
    squares = objective.vector({k: v["square"] for k, v in slots.items() if "square" in v})
    share = 1.0 if optimizer.id == "rmsprop" else 1 - float(getattr(optimizer, "beta2", 0.0)) ** step
    divisor = np.sqrt(squares / share) + float(getattr(optimizer, "epsilon", 1e-8))
    return np.asarray(1 / np.sqrt(divisor))
