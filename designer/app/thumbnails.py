"""Small pictures of networks, painted by the canvas' own items."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from designer.canvas.scene import CanvasScene
from designer.document import DocState
from designer.document.geometry import Sizes
from designer.document.verbs import place_missing
from engine.analysis import Analysis, infer
from widgets import tokens

WIDTH, HEIGHT = 448, 200


def network_picture(state: DocState, analysis: Analysis) -> QImage:
    """The whole network on a transparent ground, at twice the size at which it is shown."""
    scene = CanvasScene(place_missing(state), analysis, tokens.theme())
    area = scene.content()
    for wire in scene.wires.values():  # one that goes round to the next row reaches beyond the cards
        area = area.united(wire.boundingRect())
    area.adjust(-8, -8, 8, 8)
    scale = min(WIDTH / area.width(), HEIGHT / area.height(), 2.0)
    picture = QImage(
        max(1, round(area.width() * scale)),
        max(1, round(area.height() * scale)),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scene.render(painter, QRectF(picture.rect()), area)
    painter.end()
    return picture


def card_sizes(state: DocState) -> Sizes:
    """How large each card is with its live picture, before there is a canvas that shows it."""
    return CanvasScene(place_missing(state), infer(state.graph), tokens.theme()).sizes(roomy=True)
