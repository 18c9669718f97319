"""Diabetes progression."""

from __future__ import annotations

from engine.data.source import SOURCES
from engine.data.sources._bundled import Bundled


@SOURCES.add
class Diabetes(Bundled, id="diabetes", title="Diabetes progression"):
    """x in R^10 (age, sex, body mass, blood values, not scaled), y in R (progression after a year): 442 patients.

    Source: Efron, Hastie, Johnstone, Tibshirani, "Least angle regression" (2004).
    """

    file = "diabetes.npz"
    origin = "Efron et al. (2004), by way of scikit-learn, BSD-3-Clause"
    target_name = "progression"
