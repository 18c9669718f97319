"""The loss as a function of one long vector of weights: what slices, planes, curvature and noise are measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Floats, Key
from engine.backends.interpreter import backward, forward, head_gradients, head_losses
from engine.layers import StateInfo, WeightInfo
from engine.plan import Plan
from engine.primitives import Context, size

Vector = NDArray[np.float64]
Batch = Mapping[str, NDArray[Any]]


class Objective:
    """L(w) = sum over heads of weight times mean loss over the samples; w (P,) are all trained weights in plan order.

    float64 throughout. Batch norm uses the statistics of these samples, as a training step does. Dropout and noise are
    off, or, with ``noise_step``, those of that training step. Penalties are left out, as in the displayed loss.
    """

    def __init__(
        self, plan: Plan, weights: Mapping[Key, Floats], x: Batch, y: Batch, *, seed: int = 0, noise_step: int = -1
    ) -> None:
        self.plan = plan if noise_step >= 0 else quiet(plan)
        self._context = Context(np, training=True, update_state=False, seed=seed, step=max(noise_step, 0))
        self._fixed = stored_values(plan, weights)
        self.trained = tuple(w for w in plan.weights if w.trainable)
        ends = np.cumsum([0, *(size(w.shape) for w in self.trained)])
        self.places = {w.value: slice(int(a), int(b)) for w, a, b in zip(self.trained, ends[:-1], ends[1:])}
        self.size = int(ends[-1])
        self._x, self._y = ({k: cast(v) for k, v in part.items()} for part in (x, y))
        self.samples = len(next(iter(self._x.values())))
        self.start = self.vector(weights)

    def vector(self, weights: Mapping[Key, Floats]) -> Vector:
        """These weights as one vector (P,)."""
        parts = [np.asarray(weights[w.node, w.name], np.float64).ravel() for w in self.trained]
        return np.concatenate(parts) if parts else np.zeros(0)

    def part(self, w: Vector, info: WeightInfo) -> Vector:
        """The piece of a vector that belongs to one weight, in its shape."""
        return w[self.places[info.value]].reshape(info.shape)

    def _stored(self, w: Vector) -> dict[int, Floats]:
        return {**self._fixed, **{i.value: self.part(w, i) for i in self.trained}}

    def loss(self, w: Vector) -> float:
        """L(w); infinite or nan where it overflows."""
        with np.errstate(all="ignore"):
            run = forward(self.plan, self._context, self._stored(w), self._x, self.plan.loss_steps)
            return self._mean(run)

    def gradient(self, w: Vector) -> Vector:
        """dL/dw (P,)."""
        return self.loss_and_gradient(w)[1]

    def loss_and_gradient(self, w: Vector) -> tuple[float, Vector]:
        """Both, from one forward pass."""
        with np.errstate(all="ignore"):
            run = forward(self.plan, self._context, self._stored(w), self._x, self.plan.loss_steps)
            grads = backward(self.plan, self._context, run, head_gradients(self.plan, np, run, self._y))
            found = np.zeros(self.size)
            for i in self.trained:
                if i.value in grads:
                    found[self.places[i.value]] = grads[i.value].ravel()
            return self._mean(run), found

    def _mean(self, run: Any) -> float:
        losses = head_losses(self.plan, np, run, self._y)
        return float(sum(h.weight * v.mean() for h, v in zip(self.plan.heads, losses, strict=True)))


def stored_values(plan: Plan, weights: Mapping[Key, Floats]) -> dict[int, Floats]:
    """Weights and running statistics by value id, in float64."""
    infos: tuple[WeightInfo | StateInfo, ...] = (*plan.weights, *plan.states)
    return {i.value: np.asarray(weights[i.node, i.name], np.float64) for i in infos}


def cast(a: NDArray[Any]) -> NDArray[Any]:
    """Numbers in float64; whole numbers stay whole."""
    return a if a.dtype.kind in "iu" else np.asarray(a, np.float64)


def quiet(plan: Plan) -> Plan:
    """The plan with dropout and noise switched off, whatever the mode."""
    off = {"rate": 0.0, "deviation": 0.0}

    def still(step: Any) -> Any:
        if not step.primitive.random:
            return step
        fields = {k: v for k, v in off.items() if hasattr(step.primitive, k)}
        return replace(step, primitive=replace(step.primitive, **fields))

    return replace(plan, steps=tuple(still(s) for s in plan.steps))
