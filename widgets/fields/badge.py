"""A small rounded word or number: a count, a state, a chip."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import icons, tokens
from widgets.tokens import blend, color, theme

Kind = Literal["neutral", "accent", "good", "warning", "error"]
_ICONS = {"good": "circle-check", "warning": "triangle-alert", "error": "circle-alert"}


class Badge(QWidget):
    """``kind`` gives the colour, and an icon beside the word where the kind judges (never colour alone)."""

    def __init__(self, text: str = "", kind: Kind = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._kind = text, kind
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        tokens.on_theme(self, self._restyle)

    def _restyle(self) -> None:
        self.setFont(tokens.font("caption"))
        self.update()

    def text(self) -> str:
        return self._text

    def kind(self) -> Kind:
        return self._kind

    def show_badge(self, text: str, kind: Kind = "neutral", tip: str = "") -> None:
        """New word, colour and hover text."""
        self._text, self._kind = text, kind
        self.setToolTip(tip)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        icon = metrics.height() if self._kind in _ICONS else 0
        return QSize(metrics.horizontalAdvance(self._text) + icon + 2 * tokens.SPACE_2, metrics.height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = theme().secondary if self._kind == "neutral" else getattr(theme(), self._kind)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(color(blend(theme().panel, ink, 0.45)))
        painter.setBrush(color(blend(theme().panel, ink, 0.10)))
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        left = float(tokens.SPACE_2)
        if self._kind in _ICONS:
            side = rect.height() - 6
            icons.paint_icon(painter, _ICONS[self._kind], QRectF(left - 2, 3.5, side, side), ink)
            left += side
        painter.setPen(color(theme().text if self._kind == "neutral" else ink))
        area = QRectF(left, 0, self.width() - left - tokens.SPACE_2 + 2, self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._text)
