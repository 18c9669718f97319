"""One curve as it is given, and what a plot keeps of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from widgets.decimate import Array
from widgets.tokens import theme

Split = Literal["train", "validation", "test"]
NONE: Array = np.zeros(0)


@dataclass(frozen=True)
class Line:
    """One curve. ``split`` chooses the dash, ``run`` the colour ("A" accent, "B" amber) unless ``hue`` names a field
    of the theme or ``#RRGGBB``. x rises."""

    x: ArrayLike
    y: ArrayLike
    split: Split = "train"
    run: str = "A"
    hue: str = ""

    def color(self) -> str:
        if self.hue.startswith("#"):
            return self.hue
        return getattr(theme(), self.hue or ("run_b" if self.run == "B" else "run_a"))


@dataclass
class Drawn:
    """What the plot keeps of one curve: the data, and what of them is drawn now."""

    line: Line
    x: Array
    y: Array
    visible: bool = True
    shown: tuple[Array, Array] = (NONE, NONE)
    smooth: tuple[Array, Array] = (NONE, NONE)
    dense: bool = False
