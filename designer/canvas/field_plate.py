"""The receptive field of the selected layer, drawn on an enlarged picture above the Input's card."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from designer.canvas.look import Look
from designer.document.receptive import Field
from widgets import tokens
from widgets.i18n import tr

SIDE, EDGE = 72.0, 6.0


def plate_of(card: QRectF) -> QRectF:
    """Above the card's left end."""
    return QRectF(card.x(), card.y() - SIDE - 2 * EDGE - 8, SIDE + 2 * EDGE + 92, SIDE + 2 * EDGE)


def first_tile(strip: QImage, image: tuple[int, int]) -> QRectF:
    """The first of the pictures that stand side by side in the Input's strip."""
    height, width = image
    return QRectF(0, 0, min(strip.height() * width / height, strip.width()), strip.height())


def paint_field(painter: QPainter, card: QRectF, field: Field, strip: QImage | None, look: Look) -> None:
    """Picture, the pixels that are seen, and how many they are of how many."""
    plate, (height, width) = plate_of(card), field.image
    painter.setPen(look.border)
    painter.setBrush(tokens.color(look.theme.panel))
    painter.drawRoundedRect(plate, tokens.RADIUS, tokens.RADIUS)
    scale = SIDE / max(height, width)
    box = QRectF(plate.x() + EDGE, plate.y() + EDGE, width * scale, height * scale)
    if strip is not None:
        painter.drawImage(box, strip, first_tile(strip, field.image))
    else:
        painter.fillRect(box, tokens.color(look.theme.sunken))
    rows, columns = field.size
    seen = QRectF(box.x() + field.columns[0] * scale, box.y() + field.rows[0] * scale, columns * scale, rows * scale)
    painter.setBrush(tokens.color(look.theme.accent, 0.25))
    painter.setPen(QPen(tokens.color(look.theme.accent), 2))
    painter.drawRect(seen)
    painter.setPen(look.text)
    painter.setFont(look.line_font)
    room = QRectF(box.right() + 8, plate.y() + EDGE, plate.right() - box.right() - 12, SIDE)
    words = tr("one cell sees {rows} x {columns} of {height} x {width} pixels",
               rows=rows, columns=columns, height=height, width=width)  # fmt: skip
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, words)
