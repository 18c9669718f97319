"""The receptive field of the selected layer, drawn on an enlarged picture of the Input's in a corner of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from designer.canvas.look import look_of
from designer.document.receptive import Field
from widgets import tokens
from widgets.i18n import tr

SIDE, EDGE, WORDS = 84, 8, 112
#: of a canvas lower than LOW it takes less, so that the cards are not covered
LOW, LOW_SIDE = 420, 48


class FieldPlate(QWidget):
    """Picture, the pixels that are seen, and how many they are of how many. Mouse events go through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.field: Field | None = None
        self.strip: QImage | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.resize(self.sizeHint())
        self.hide()

    def sizeHint(self) -> QSize:
        """A square for the picture, and words beside it."""
        return QSize(self.side + 3 * EDGE + tokens.scaled(WORDS), self.side + 2 * EDGE)

    @property
    def side(self) -> int:
        """Of the square for the picture."""
        room = self.parentWidget().height()
        return LOW_SIDE if room < LOW else SIDE

    def show_field(self, field: Field | None, strip: QImage | None) -> None:
        """``strip``: the Input's live picture, samples side by side; None hides it all."""
        self.field, self.strip = field, strip
        self.setVisible(field is not None)
        if field is not None:
            self.setAccessibleName(self._words(field))
            self.update()

    def picture(self) -> QRectF:
        """Where the enlarged picture lies."""
        height, width = self.field.image if self.field is not None else (1, 1)
        scale = self.side / max(height, width)
        return QRectF(EDGE, EDGE + (self.side - height * scale) / 2, width * scale, height * scale)

    def seen(self) -> QRectF:
        """The pixels that the layer's middle cell depends on, on the enlarged picture."""
        assert self.field is not None
        box, (rows, columns) = self.picture(), self.field.size
        scale = box.height() / self.field.image[0]
        left, top = box.x() + self.field.columns[0] * scale, box.y() + self.field.rows[0] * scale
        return QRectF(left, top, columns * scale, rows * scale)

    def _words(self, field: Field) -> str:
        (rows, columns), (height, width) = field.size, field.image
        return tr(
            "One cell of this layer sees {rows} x {columns} of {height} x {width} pixels",
            rows=rows,
            columns=columns,
            height=height,
            width=width,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Panel, picture, field, words."""
        if self.field is None:
            return
        look, box = look_of(tokens.theme()), self.picture()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.border)
        painter.setBrush(tokens.color(look.theme.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), tokens.RADIUS, tokens.RADIUS)
        if self.strip is not None:
            height, width = self.field.image
            tile = min(self.strip.height() * width / height, self.strip.width())
            painter.drawImage(box, self.strip, QRectF(0, 0, tile, self.strip.height()))
        else:
            painter.fillRect(box, tokens.color(look.theme.sunken))
        painter.setBrush(tokens.color(look.theme.accent, 0.25))
        painter.setPen(QPen(tokens.color(look.theme.accent), 2))
        painter.drawRect(self.seen())
        painter.setPen(look.text)
        painter.setFont(look.line_font)
        room = QRectF(self.side + 2 * EDGE, EDGE, self.width() - self.side - 3 * EDGE, self.side)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, self._words(self.field))
        painter.end()
