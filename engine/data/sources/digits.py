"""Digits 8x8."""

from __future__ import annotations

from engine.data.source import SOURCES
from engine.data.sources._bundled import BundledImages


@SOURCES.add
class Digits(BundledImages, id="digits", title="Digits 8x8"):
    """x in {0 .. 16}^(1 x 8 x 8), y in {0 .. 9}: 1,797 handwritten digits, each cell the ink of a 4 x 4 block.

    Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits" (UCI, 1998), the test part.
    """

    file = "digits.npz"
    origin = (
        "UCI Optical Recognition of Handwritten Digits (Alpaydin, Kaynak 1998), by way of scikit-learn, BSD-3-Clause"
    )
    target_name = "digit"
    top = 16.0
