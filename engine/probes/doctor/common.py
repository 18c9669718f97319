"""What several rules share."""

from __future__ import annotations

import math

import numpy as np

from engine.declare import Spec
from engine.probes.evidence import Evidence

#: steps before a rule may judge how training goes
WARM = 30


def names_of(e: Evidence, layers: tuple[str, ...]) -> str:
    """The names that a person gave these layers, by commas."""
    return ", ".join(e.names.get(n, n) for n in layers)


def relu_and_he() -> dict[str, object]:
    """Parameters of a layer that passes its gradient on: ReLU, and initial weights that suit it (He et al. 2015)."""
    return {"activation": Spec("relu"), "weight_init": Spec("he_normal")}


def ratio_of(a: float, b: float) -> float:
    """a / b; infinite where b is not positive."""
    return a / b if b > 0 else math.inf


def times(factor: float) -> str:
    """A factor for reading, with two digits that matter: ``2,100``, ``3e+12``."""
    return f"{float(f'{factor:.2g}'):,.0f}" if 10 <= factor < 1e9 else f"{factor:.2g}"


def median(values: tuple[float, ...]) -> float:
    """The median of the finite values, 0 where there is none."""
    finite = [v for v in values if math.isfinite(v)]
    return float(np.median(finite)) if finite else 0.0


def unscaled(e: Evidence) -> bool:
    """Whether some input is far from standard: RMS over 15, mean over 8 spreads, or spreads 30 times apart."""
    return any(f.rms > 15 or f.offset > 8 or f.sd_high > 30 * max(f.sd_low, 1e-12) > 0 for f in e.inputs)
