from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage

from designer.canvas import Canvas
from designer.document import DocState, Point, verbs
from designer.document.chain_text import parse_chain
from tests.designer.canvas.conftest import Hand

Draw = Callable[..., Canvas]


def test_a_click_on_a_convolution_draws_what_it_sees_on_the_inputs_picture(draw: Draw) -> None:
    line = parse_chain("input 1x28x28 > conv 4 3 same > pool 2 > conv 4 3 same > flatten > dense 10 > output ce")
    canvas = draw(verbs.add_chain(DocState(), line, None, Point(0, 0)))
    strip = QImage(28 * 3, 28, QImage.Format.Format_RGB32)
    strip.fill(QColor("#cc2233"))
    canvas.overlay.show_pictures({"n1": strip})
    canvas.motion.finish()
    hand = Hand(canvas)
    plate = canvas.corners.plate
    assert not plate.isVisible()
    hand.click(hand.card("n4"))
    assert plate.isVisible() and plate.field is not None and plate.field.size == (8, 8)
    assert plate.seen().width() == pytest.approx(plate.picture().width() * 8 / 28)
    image = plate.grab().toImage()
    corner, middle = plate.picture().topLeft().toPoint() + QPoint(2, 2), plate.seen().center().toPoint()
    assert image.pixelColor(corner) == QColor("#cc2233") and image.pixelColor(middle) != QColor("#cc2233")
    hand.click(hand.card("n6"))
    assert not plate.isVisible()
