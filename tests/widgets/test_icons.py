"""Icons: every one draws, in the colour asked for, sharp at each ratio, in step with the theme."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QToolButton

from widgets import icons, tokens
from widgets.tokens import GROUPS, LIGHT, theme


def pixels_of(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_ARGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()


@pytest.mark.parametrize("name", icons.NAMES)
def test_every_icon_draws_something_in_its_colour(name: str):
    words = pixels_of(icons.pixmap(name, "#FF0000", 20, 3.0).toImage())
    solid = words[(words >> 24) > 250]
    assert len(solid) > 5
    assert set((solid & 0xFFFFFF).tolist()) == {0xFF0000}


def test_licence_and_needed_names_are_there():
    assert "ISC License" in (icons.FOLDER / "LICENSE").read_text()
    needed = (
        "play pause stop step-forward fast-forward rotate-ccw dice save folder-open file-plus undo redo search plus"
    )
    needed += (
        " trash copy clipboard scissors settings sun moon monitor maximize zoom-in zoom-out layout network warning"
    )
    needed += (
        " error info check x help chevron-down snowflake eye eye-off download image table activity bar-chart layers"
    )
    needed += " grid git-merge git-fork split droplet lock clock list languages keyboard"
    assert [n for n in needed.split() if n not in icons.NAMES] == []
    assert [g for g in GROUPS if icons.group_icon(g) not in icons.NAMES] == []
    assert icons.group_icon("something new") in icons.NAMES


def test_an_unknown_icon_is_refused_by_name():
    with pytest.raises(icons.UnknownIconError, match="'no-such'"):
        icons.pixmap("no-such")


def test_device_pixels():
    picture = icons.pixmap("play", size=16, ratio=2.0)
    assert (picture.width(), picture.devicePixelRatio()) == (32, 2.0)
    assert icons.pixmap("play", size=16, ratio=2.0).cacheKey() == picture.cacheKey()


def ink(button: QToolButton) -> int:
    words = pixels_of(button.icon().pixmap(20, 20).toImage())
    return int(words[(words >> 24) > 250][0] & 0xFFFFFF)


def test_a_bound_icon_follows_the_theme(qapp, qtbot):
    button = QToolButton()
    qtbot.addWidget(button)
    icons.bind_icon(button, "play")
    assert ink(button) == int(theme().text[1:], 16)
    tokens.apply_theme(qapp, "light")
    assert ink(button) == int(LIGHT.text[1:], 16)
    icons.bind_icon(button, "pause", "accent")
    assert ink(button) == int(LIGHT.accent[1:], 16)


@pytest.mark.parametrize("vector", [False, True])
def test_painting_stays_inside_the_rectangle(vector: bool):
    image = QImage(40, 40, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    icons.paint_icon(painter, "square", QRectF(10, 10, 20, 20), "#00FF00", vector=vector)
    painter.end()
    rows, columns = np.nonzero(pixels_of(image) >> 24)
    assert rows.min() >= 10 and rows.max() < 30 and columns.min() >= 10 and columns.max() < 30
