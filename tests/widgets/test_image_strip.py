"""ImageStrip."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from tests.widgets.conftest import LEFT, move_mouse, near
from widgets.image_strip import ImageStrip
from widgets.tokens import theme


@pytest.fixture
def strip(shown) -> ImageStrip:
    strip = shown(ImageStrip("Answers"), 420, 200)
    images = np.zeros((5, 8, 8))
    images[1] = 1.0
    strip.show_images(images, [f"label {i}\nguess 90 %" for i in range(5)], [True, False, None, True, True])
    QApplication.processEvents()
    return strip


def test_pictures_and_outlines(strip, pixels):
    picture = pixels(strip.strip)
    dark, bright = strip.strip.picture_rect(0), strip.strip.picture_rect(1)
    assert near(picture, dark.center(), "#000000", 0, 2) and near(picture, bright.center(), "#FFFFFF", 0, 2)
    assert near(picture, QPointF(dark.left() - 1, dark.center().y()), theme().good, 1, 12)
    assert near(picture, QPointF(bright.left() - 1, bright.center().y()), theme().error, 1, 12)
    neutral = strip.strip.picture_rect(2)
    assert not near(picture, QPointF(neutral.left() - 1, neutral.center().y()), theme().good, 1, 12)


def test_right_and_wrong_differ_in_shape_too(strip, pixels):
    picture = pixels(strip.strip)

    def mark(index: int) -> list[bool]:
        rect = strip.strip.picture_rect(index)
        left, top = round(rect.right()) - 14, round(rect.top()) - 2
        places = [QPointF(left + x, top + y) for y in range(4, 12) for x in range(4, 12)]
        return [near(picture, place, theme().panel, 0, 70) for place in places]

    assert sum(mark(0)) > 3 and sum(mark(1)) > 3 and mark(0) != mark(1)


def test_click_keys_and_hover(strip, qtbot):
    with qtbot.waitSignal(strip.image_clicked) as signal:
        qtbot.mouseClick(strip.strip, LEFT, pos=strip.strip.picture_rect(2).center().toPoint())
    assert signal.args == [2]
    with qtbot.waitSignal(strip.image_clicked) as signal:
        qtbot.keyClick(strip.strip, Qt.Key.Key_Right)
    assert signal.args == [3]
    move_mouse(strip.strip, strip.strip.picture_rect(1).center())
    assert strip.readout.text() == "picture 1\nlabel 1\nguess 90 %"


def test_pictures_of_any_size_keep_their_shape(strip, pixels):
    strip.show_images([np.ones((10, 40)), np.ones((3, 5, 5))])
    QApplication.processEvents()
    picture = pixels(strip.strip)
    wide = strip.strip.picture_rect(0)
    assert near(picture, wide.center(), "#FFFFFF", 0, 2)
    assert not near(picture, QPointF(wide.center().x(), wide.top() + 6), "#FFFFFF", 1, 20)


def test_many_pictures_scroll(strip):
    strip.show_images(np.zeros((300, 4, 4)))
    QApplication.processEvents()
    assert strip._area.verticalScrollBar().maximum() > 0
    assert strip.strip.index_at(strip.strip.picture_rect(299).center()) == 299


def test_table(strip):
    header, rows = strip.table()
    assert list(header) == ["picture", "caption", "judgement"]
    assert [r[2] for r in rows] == ["right", "wrong", "", "right", "right"]
