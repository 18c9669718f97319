"""What a transform is: fitted on training inputs, applied to all; the registry TRANSFORMS."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from engine.data.preparation import Preparation
from engine.declare import Declared, Registry

Array = NDArray[Any]


class Transform(Declared):
    """Base of all transforms. ``learns``: whether ``fit`` looks at the values."""

    learns: ClassVar[bool] = False

    def fit(self, x: Array, image: bool) -> Preparation:
        """What to do to inputs, learned from training inputs (N, F) or images (N, C, H, W)."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is fitted")


TRANSFORMS: Registry[Transform] = Registry("transform", "engine.data.transforms")
