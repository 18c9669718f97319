"""What several rules share."""

from __future__ import annotations

import math

import numpy as np

from engine.declare import Spec
from engine.probes.evidence import Evidence

#: steps before a rule may judge how training goes
WARM = 30


def names_of(e: Evidence, layers: tuple[str, ...]) -> str:
    return ", ".join(e.names.get(n, n) for n in layers)


def relu_and_he() -> dict[str, object]:
    return {"activation": Spec("relu"), "weight_init": Spec("he_normal")}


def ratio_of(a: float, b: float) -> float:
    return a / b if b > 0 else math.inf


def median(values: tuple[float, ...]) -> float:
    finite = [v for v in values if math.isfinite(v)]
    return float(np.median(finite)) if finite else 0.0


def unscaled(e: Evidence) -> bool:
    return any(f.rms > 15 or f.offset > 8 or f.sd_high > 30 * max(f.sd_low, 1e-12) > 0 for f in e.inputs)
