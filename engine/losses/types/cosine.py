"""Cosine loss: direction counts, length does not."""

from __future__ import annotations

from typing import Any

from engine.losses.base import LOSSES, Loss, like, rows
from engine.primitives import Array, Shape

SMALLEST = 1e-8  # torch's floor on either length, so that a zero vector has cosine 0


@LOSSES.add
class Cosine(Loss, id="cosine", title="cosine loss"):
    """l = 1 - cos(y, t), cos = y . t / (|y| |t|); dl/dy = (cos y / |y| - t / |t|) / |y|. y, t (N, ...).

    Each sample is taken as one vector; lengths below 1e-8 count as 1e-8. Salton, Wong & Yang 1975.
    """

    def check(self, y: Shape) -> str:
        """At least two numbers: one has no direction to learn."""
        count = 1
        for axis in y:
            count *= axis
        return "" if count >= 2 else f"{self.title} compares directions of at least 2 outputs, but the prediction has 1"

    def _units(self, xp: Any, y: Array, t: Array) -> tuple[Array, Array, Array]:
        a, b = rows(y), rows(like(y, t))
        length = xp.sqrt((a * a).sum(1, keepdims=True))
        floored = xp.maximum(length, SMALLEST)
        return a / floored, b / xp.maximum(xp.sqrt((b * b).sum(1, keepdims=True)), SMALLEST), length

    def per_sample(self, xp: Any, y: Array, t: Array) -> Array:
        """One minus the cosine."""
        a, b, _ = self._units(xp, y, t)
        return 1 - (a * b).sum(1)

    def gradient(self, xp: Any, y: Array, t: Array) -> Array:
        """The target's direction without its part along y; below the floor the length is a constant."""
        a, b, length = self._units(xp, y, t)
        along = xp.where(length < SMALLEST, 0, (a * b).sum(1, keepdims=True))
        return ((along * a - b) / xp.maximum(length, SMALLEST)).reshape(y.shape)

    def torch_text(self) -> str:
        """cosine_similarity of the flattened samples."""
        return f"(1 - F.cosine_similarity(y.flatten(1), t.flatten(1), dim=1, eps={SMALLEST!r})).mean()"

    def keras_text(self) -> str:
        """Product of the unit vectors."""
        flat = "ops.reshape({0}, (ops.shape({0})[0], -1))"
        unit = f"({flat} / ops.maximum(ops.norm({flat}, axis=1, keepdims=True), {SMALLEST!r}))"
        return f"1 - ops.mean(ops.sum({unit.format('y')} * {unit.format('t')}, axis=1))"
