"""What the made point sets share: noise, number, seed, training share, and the seven features of TensorFlow Playground.

Source: Smilkov, Carter, Sculley, Viegas, Wattenberg, "Direct-manipulation visualization of deep networks" (2016).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.data.draw import Draw
from engine.data.errors import DataError
from engine.data.source import Samples, Source
from engine.declare import Bool, Choice, Float, Int

Floats = NDArray[np.float64]

FEATURES: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "x1": ("x1", lambda a, b: a),
    "x2": ("x2", lambda a, b: b),
    "x1_squared": ("x1^2", lambda a, b: a * a),
    "x2_squared": ("x2^2", lambda a, b: b * b),
    "x1_x2": ("x1 x2", lambda a, b: a * b),
    "sin_x1": ("sin x1", lambda a, b: np.sin(a)),
    "sin_x2": ("sin x2", lambda a, b: np.sin(b)),
}
_BY_NAME = dict(FEATURES.values())


def plane_features(points: Floats, names: Sequence[str]) -> Floats:
    """Features (N, F) of points (N, 2) by their shown names ("x1", "x1^2", "sin x2", ...)."""
    return np.stack([_BY_NAME[name](points[:, 0], points[:, 1]) for name in names], axis=1)


class PointSource(Source):
    """Points of the plane with labels in [-1, 1]; subclasses scatter them."""

    origin: ClassVar[str] = "made by formula, after TensorFlow Playground"

    noise: float = Float(0.0, low=0, high=50, unit="%", help="How far points or labels stray.")
    points: int = Int(500, low=2, high=100000, help="How many points to make.")
    seed: int = Int(0, low=0, high=2**31 - 1, help="Another seed makes other points of the same kind.")
    train_share: int | None = Int(
        None,
        low=10,
        high=90,
        unit="%",
        optional=True,
        help="Share of points that trains; the rest is held out for validation and test in the proportion of their "
        "shares. None: the shares alone decide.",
    )
    x1: bool = Bool(True, label="x1", group="features")
    x2: bool = Bool(True, label="x2", group="features")
    x1_squared: bool = Bool(False, label="x1^2", group="features")
    x2_squared: bool = Bool(False, label="x2^2", group="features")
    x1_x2: bool = Bool(False, label="x1 x2", group="features")
    sin_x1: bool = Bool(False, label="sin x1", group="features")
    sin_x2: bool = Bool(False, label="sin x2", group="features")

    def scatter(self, draw: Draw, n: int, noise: float) -> tuple[Floats, Floats]:
        """Points (n, 2) and labels (n,); ``noise`` from 0 to 0.5."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it scatters points")

    def feature_names(self) -> tuple[str, ...]:
        """Shown names of the ticked features; DataError if none is."""
        names = tuple(shown for attribute, (shown, _) in FEATURES.items() if getattr(self, attribute))
        if not names:
            raise DataError(self.title, "no feature is ticked", expected="at least one", got="none", remedy="tick x1")
        return names

    def scattered(self) -> tuple[Floats, Floats]:
        """The points and labels in a mixed order, which an unshuffled split can cut anywhere."""
        xy, label = self.scatter(Draw(self.seed, 1), self.points, self.noise / 100.0)
        order = Draw(self.seed, 2).order(len(xy))
        return xy[order], label[order]

    def _samples(self, xy: Floats, **targets: Any) -> Samples:
        names = self.feature_names()
        return Samples(
            name=self.title,
            x={"x": plane_features(xy, names)},
            feature_names=names,
            extra={"points": xy},
            source_note=self.origin,
            train_share=None if self.train_share is None else self.train_share / 100.0,
            **targets,
        )


class TwoClassPoints(PointSource):
    """Points of two classes: index 0 is the label -1, index 1 the label +1."""

    labels: str = Choice(
        "classes",
        "classes",
        "values",
        help="Two classes (for cross-entropy), or the values -1 and +1 (for a squared error, as in Playground).",
    )

    def load(self, base_dir: Path | None) -> Samples:
        """The points; ``base_dir`` plays no role."""
        xy, label = self.scattered()
        if self.labels == "values":
            return self._samples(
                xy, y={"y": label[:, None]}, task="values", target_name="label", target_names=("label",)
            )
        target = (label > 0).astype(np.int64)
        return self._samples(xy, y={"y": target}, task="binary", class_names=("-1", "+1"), target_name="label")


class ValuePoints(PointSource):
    """Points with a value between -1 and 1 to be regressed."""

    points: int = Int(1200, low=2, high=100000, help="How many points to make.")

    def load(self, base_dir: Path | None) -> Samples:
        """The points; ``base_dir`` plays no role."""
        xy, label = self.scattered()
        return self._samples(xy, y={"y": label[:, None]}, task="values", target_name="value", target_names=("value",))
