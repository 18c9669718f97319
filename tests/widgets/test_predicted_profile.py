"""The forecast in the profile: the ruler is as long as the depth, the range lies where it was given."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from widgets.predicted_profile import ForecastProfile
from widgets.tokens import theme


@pytest.fixture
def plot(qtbot: QtBot) -> ForecastProfile:
    widget = ForecastProfile()
    qtbot.addWidget(widget)
    widget.resize(480, 320)
    names = [f"layer {k}" for k in range(6)]
    line = np.logspace(-5, 0, 6)
    widget.show_profile(names, names, {"delta": np.full(6, math.nan)}, predicted={"delta": line})
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_the_ruler_ends_at_the_loss_and_is_cut_at_the_first_layer(plot: ForecastProfile) -> None:
    plot.show_forecast(ruler=1.4, words="1.4 layers", start=5)
    assert plot.ruler_span() == pytest.approx((3.6, 5.0))
    plot.show_forecast(ruler=math.inf, words="no end", start=5)
    assert plot.ruler_span() == (0.0, 5.0)


def test_the_range_is_painted_between_its_ends(plot: ForecastProfile) -> None:
    low, high = np.full(6, 1e-4), np.full(6, 1e-2)
    plot.show_forecast(low, high)
    picture = plot.plot.grab().toImage()
    ratio = picture.devicePixelRatio()

    def at(x: float, y: float) -> str:
        place = plot.pixel_of(x, y)
        return picture.pixelColor(int(place.x() * ratio), int(place.y() * ratio)).name()

    ground = theme().panel.lower()
    assert at(0.5, -3.4) != ground and at(4.5, -2.6) != ground, "inside"
    assert at(0.5, -1.5) == ground and at(4.5, -4.6) == ground, "above and below"
    plot.show_forecast()
    assert not len(plot._low) and plot.ruler == 0
