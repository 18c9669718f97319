"""Iris flowers."""

from __future__ import annotations

from engine.data.source import SOURCES
from engine.data.sources._bundled import Bundled


@SOURCES.add
class Iris(Bundled, id="iris", title="Iris flowers"):
    """x in R^4 (lengths and widths in cm), y in {setosa, versicolor, virginica}: 150 flowers.

    Source: Fisher, "The use of multiple measurements in taxonomic problems" (1936).
    """

    file = "iris.npz"
    origin = "Fisher (1936), by way of scikit-learn, BSD-3-Clause"
    target_name = "species"
