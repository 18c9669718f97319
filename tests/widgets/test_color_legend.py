"""What the colour bar prints beside it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication

from widgets import colormaps, i18n
from widgets.color_legend import ColorLegend
from widgets.ridge import HistogramRidge
from widgets.waterfall import Waterfall


@pytest.mark.parametrize("height", [40, 80, 160, 400])
def test_a_signed_scale_always_tells_how_much(qapp: QCoreApplication, height: int) -> None:
    """A 0 alone is no scale: a round value stands on both sides of it, at its place."""
    bar = ColorLegend()
    bar.resize(60, height)
    for span in (*np.geomspace(1e-6, 1e6, 97), 1.0, 2.0, 5.0, 0.8):
        bar.show_scale("signed", -span, span, colormaps.signed())
        found = bar.labels()
        assert 3 <= len(found) <= 7 and len(found) % 2 == 1
        for share, text in found:
            value = float(text.replace(",", ""))
            assert -1e-9 <= share <= 1 + 1e-9 and (2 * share - 1) * span == pytest.approx(value, rel=1e-2, abs=1e-12)
        assert [s for s, _ in found] == pytest.approx([1 - s for s, _ in reversed(found)])
    bar.show_scale("signed", 0.0, 0.0, colormaps.signed())
    assert bar.labels() == [(0.5, "0")]


def test_axis_titles_follow_the_language(qapp: QCoreApplication) -> None:
    fall, ridge = Waterfall(), HistogramRidge()
    english = fall.x_axis.labelText, ridge.y_axis.labelText
    i18n.install_language("ko")
    try:
        assert fall.x_axis.labelText == ridge.y_axis.labelText == i18n.tr("step") != english[0]
    finally:
        i18n.install_language("en")
    assert (fall.x_axis.labelText, ridge.y_axis.labelText) == english
