"""Wine."""

from __future__ import annotations

from engine.data.source import SOURCES
from engine.data.sources._bundled import Bundled


@SOURCES.add
class Wine(Bundled, id="wine", title="Wine"):
    """x in R^13 (chemical analysis), y in 3 cultivars: 178 wines of one Italian region.

    Source: Forina et al., PARVUS (1988); UCI.
    """

    file = "wine.npz"
    origin = "UCI Wine (Forina et al. 1988), by way of scikit-learn, BSD-3-Clause"
    target_name = "cultivar"
