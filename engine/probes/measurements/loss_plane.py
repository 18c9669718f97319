"""The loss over a plane through the weights, and the way that training took across it (Li et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.probes.measurements.objective import Objective, Vector
from engine.probes.measurements.watch import Watch

SIDE = 21
#: room around the path, as a share of its extent
MARGIN = 0.35

Kind = Literal["path", "random"]
Grid = NDArray[np.float64]


@dataclass(frozen=True)
class LossPlane:
    """``losses`` (H, W) at centre + across[j] d1 + up[i] d2. ``path`` (T, 2): the keyframes' places, ``steps`` (T,).

    ``kind`` "path": d1 and d2 are the two main directions of the path (principal components, unit vectors), which hold
    ``shares`` of its variance. "random": two random directions, each filter scaled to the norm of the network's own, so
    that 1 changes every filter by its own size; the path hardly shows there, as any path is near orthogonal to them.
    """

    kind: Kind
    across: Grid
    up: Grid
    losses: Grid
    path: Grid
    steps: tuple[int, ...]
    shares: tuple[float, float]


def loss_plane(
    objective: Objective,
    frames: Sequence[tuple[int, Vector]],
    kind: Kind,
    *,
    side: int = SIDE,
    seed: int = 0,
    watch: Watch | None = None,
) -> LossPlane:
    """The plane through the objective's start. ``frames``: (step, weights) of earlier moments, oldest first.

    Fewer than two moments that differ give the random plane.
    """
    centre = objective.start
    moves = np.array([w - centre for _, w in frames]) if frames else np.zeros((0, objective.size))
    shares = (0.0, 0.0)
    chosen: Kind = kind if kind == "random" or np.linalg.matrix_rank(moves @ moves.T) >= 2 else "random"
    if chosen == "path":
        first, second, shares = path_directions(moves)
    else:
        first, second = (filter_normalised(objective, seed + k) for k in range(2))
    path = _coordinates(moves, first, second)
    across, up = (_axis(path[:, k] if len(path) and chosen == "path" else np.array([-1.0, 1.0]), side) for k in (0, 1))
    losses = np.empty((side, side))
    for i, b in enumerate(up):
        if watch is not None:
            watch.tell(i, side)
        for j, a in enumerate(across):
            losses[i, j] = objective.loss(centre + a * first + b * second)
    return LossPlane(chosen, across, up, losses, path, tuple(s for s, _ in frames), shares)


def path_directions(moves: Grid) -> tuple[Vector, Vector, tuple[float, float]]:
    """Two unit vectors (P,): the principal components of moves (T, P) to the last point, and their shares of variance.

    As Li et al. 2018 (section 7): not centred, so the plane goes through the last point. From the small T x T matrix of
    inner products, as T is far smaller than P.
    """
    values, vectors = np.linalg.eigh(moves @ moves.T)
    first, second = (moves.T @ vectors[:, -k] for k in (1, 2))
    total = float(values.sum())
    shares = float(values[-1]) / total, float(values[-2]) / total
    first = first / np.linalg.norm(first)
    second = second - first * (first @ second)
    # The path ends at the centre; it is read better coming from the right.
    sign = 1.0 if float(moves[0] @ first) >= 0 else -1.0
    return sign * first, second / np.linalg.norm(second), shares


def filter_normalised(objective: Objective, seed: int) -> Vector:
    """A normal direction d (P,), each filter d_i scaled to |w_i|: d_i <- d_i |w_i| / |d_i|. Li et al. 2018, section 4.

    A filter is what feeds one unit or channel (axis 0 of a kernel). Biases, gains and offsets do not move.
    """
    rng = np.random.default_rng(seed)
    found = np.zeros(objective.size)
    for info in objective.trained:
        d = rng.normal(size=info.shape)
        if not info.is_kernel:
            continue
        w, flat = objective.part(objective.start, info).reshape(info.shape[0], -1), d.reshape(info.shape[0], -1)
        scale = np.linalg.norm(w, axis=1, keepdims=True) / np.linalg.norm(flat, axis=1, keepdims=True)
        found[objective.places[info.value]] = (flat * scale).ravel()
    return found


def _coordinates(moves: Grid, first: Vector, second: Vector) -> Grid:
    """(T, 2): the point of the plane that is nearest to each move."""
    plane = np.stack([first, second], axis=1)
    gram = plane.T @ plane
    if not len(moves) or not np.linalg.det(gram) > 0:
        return np.zeros((0, 2))
    return np.asarray(np.linalg.solve(gram, plane.T @ moves.T).T, np.float64)


def _axis(values: Grid, side: int) -> Grid:
    """From the lowest to the highest with room around, the centre (0) always inside."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    room = MARGIN * ((high - low) or 1.0)
    return np.linspace(low - room, high + room, side)
