"""Cost as colour on the cards, and off again."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QColor, QImage, QPainter

from designer.canvas import Canvas
from designer.canvas.flow import viridis
from designer.document import verbs
from designer.document.templates import TEMPLATES

Draw = Callable[..., Canvas]


def picture(canvas: Canvas) -> QImage:
    image = QImage(canvas.viewport().size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    canvas.render(painter)
    painter.end()
    return image


def colour(canvas: Canvas, node: str) -> QColor:
    box = canvas.mapFromScene(canvas.scene_.nodes[node].box()).boundingRect()
    return picture(canvas).pixelColor(box.left() + 10, box.bottom() - 8)


def test_the_dearest_card_is_the_brightest_and_off_restores(draw: Draw) -> None:
    state = verbs.lay_out(TEMPLATES["lenet5"].make(), None, {})
    canvas = draw(state)
    canvas.frame_all()
    before = {n: colour(canvas, n) for n in canvas.scene_.nodes}
    canvas.insight.show_heat("macs")
    level = canvas.overlay.heat.level
    dearest = max(level, key=level.__getitem__)
    cheapest = min(level, key=level.__getitem__)
    assert colour(canvas, dearest) != before[dearest] and colour(canvas, dearest) != colour(canvas, cheapest)
    assert viridis(level[dearest]) == viridis(1.0)
    free = next(n for n in canvas.scene_.nodes if n not in level)
    assert colour(canvas, free) == before[free]
    canvas.insight.show_heat(None)
    assert {n: colour(canvas, n) for n in canvas.scene_.nodes} == before


def test_heat_follows_an_edit(draw: Draw) -> None:
    canvas = draw(verbs.lay_out(TEMPLATES["mlp"].make(), None, {}))
    canvas.insight.show_heat("parameters")
    before = canvas.overlay.heat
    canvas.store.apply("units", verbs.set_param, ("n2",), "units", 500)
    assert canvas.overlay.heat != before and canvas.overlay.heat.text["n3"].startswith("4.0k")
