"""How far each layer has come, and what its kernels looked like on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Floats, Key
from engine.plan import Plan

Frames = Sequence[tuple[int, Mapping[Key, Floats]]]
#: kernels and moments that a filmstrip shows at most
MOST_FILTERS, MOST_MOMENTS = 64, 12


@dataclass(frozen=True)
class Travel:
    """``distances`` (L, T): |w_t - w_0| / |w_0| of each layer's kernel at ``steps`` (T,), w_0 at the first of them."""

    nodes: tuple[str, ...]
    steps: tuple[int, ...]
    distances: NDArray[np.float64]

    @property
    def halfway(self) -> tuple[int, ...]:
        """The first step at which each layer had gone half of its way so far."""
        if not self.distances.size:
            return ()
        half = self.distances >= 0.5 * self.distances[:, -1:]
        return tuple(self.steps[int(k)] for k in half.argmax(1))


def travel(plan: Plan, frames: Frames) -> Travel:
    """Over the keyframes, oldest first. A layer with several kernels (attention) counts them together.

    nan where a layer started at zero.
    """
    nodes = plan.layer_order
    found = np.full((len(nodes), len(frames)), np.nan)
    for k, node in enumerate(nodes):
        keys = [(w.node, w.name) for w in plan.weights if w.node == node and w.is_kernel]
        moments = [np.concatenate([np.asarray(f[key], np.float64).ravel() for key in keys]) for _, f in frames]
        size = float(np.linalg.norm(moments[0])) if moments else 0.0
        if size > 0:
            found[k] = [float(np.linalg.norm(m - moments[0])) / size for m in moments]
    return Travel(nodes, tuple(s for s, _ in frames), found)


@dataclass(frozen=True)
class Filmstrip:
    """``kernels`` (T, K, h, w): one convolution's filters at ``steps`` (T,), mean over input channels.

    ``channels``: how many were averaged. ``filters``: how many there are in all.
    """

    node: str
    steps: tuple[int, ...]
    kernels: NDArray[np.float64]
    channels: int
    filters: int


def conv_layers(plan: Plan) -> tuple[str, ...]:
    """Nodes with a kernel of two spatial axes, sources first."""
    return tuple(dict.fromkeys(w.node for w in plan.weights if w.is_kernel and len(w.shape) == 4))


def filmstrip(plan: Plan, frames: Frames, node: str, most: int = MOST_MOMENTS) -> Filmstrip:
    """At most ``most`` moments, spread evenly over the steps; the first and the last are always among them."""
    info = next(w for w in plan.weights if w.node == node and w.is_kernel and len(w.shape) == 4)
    wanted = np.linspace(frames[0][0], frames[-1][0], most)
    steps = np.array([s for s, _ in frames])
    chosen = sorted({int(np.argmin(np.abs(steps - w))) for w in wanted})
    kept = [frames[k] for k in chosen]
    kernels = np.array([np.asarray(f[node, info.name], np.float64)[:MOST_FILTERS].mean(1) for _, f in kept])
    return Filmstrip(node, tuple(s for s, _ in kept), kernels, info.shape[1], info.shape[0])
