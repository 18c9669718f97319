"""Breast cancer."""

from __future__ import annotations

from engine.data.source import SOURCES
from engine.data.sources._bundled import Bundled


@SOURCES.add
class BreastCancer(Bundled, id="breast_cancer", title="Breast cancer"):
    """x in R^30 (shape of cell nuclei), y in {malignant, benign}: 569 samples.

    Source: Wolberg, Street, Mangasarian, "Breast Cancer Wisconsin (Diagnostic)" (UCI, 1995).
    """

    file = "breast_cancer.npz"
    origin = "UCI Breast Cancer Wisconsin (Wolberg, Street, Mangasarian 1995), by way of scikit-learn, BSD-3-Clause"
    target_name = "diagnosis"
