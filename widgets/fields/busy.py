"""A thin bar that says "working": a share of the whole, or a moving piece while the share is unknown."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import tokens
from widgets.tokens import color, theme

PERIOD_MS = 1600
TICK_MS = 33


class BusyBar(QWidget):
    """Three pixels high; ``show_share(None)`` = unknown, ``show_share(0.4)`` = 40 %, ``show_idle()`` = nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share: float | None = 0.0
        self._active = False
        self._phase = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        tokens.theme_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(120, 3)

    def show_share(self, share: float | None) -> None:
        """Done share 0..1, None while unknown."""
        self._share, self._active = share, True
        self._run()
        self.update()

    def show_idle(self) -> None:
        self._active = False
        self._run()
        self.update()

    def share(self) -> float | None:
        return self._share if self._active else 0.0

    def showEvent(self, event: QShowEvent) -> None:
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()

    def _run(self) -> None:
        moving = self._active and self._share is None and self.isVisible() and tokens.motion()
        if moving and not self._timer.isActive():
            self._timer.start()
        elif not moving:
            self._timer.stop()

    def _tick(self) -> None:
        self._phase = (self._phase + TICK_MS / PERIOD_MS) % 1.0
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._active:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(theme().border))
        painter.drawRoundedRect(QRectF(self.rect()), 1.5, 1.5)
        painter.setBrush(color(theme().accent))
        if self._share is not None:
            done = self.width() * min(1.0, max(0.0, self._share))
            painter.drawRoundedRect(QRectF(0, 0, done, self.height()), 1.5, 1.5)
        elif tokens.motion():
            piece = self.width() * 0.3
            left = (self.width() + piece) * self._phase - piece
            painter.drawRoundedRect(QRectF(left, 0, piece, self.height()), 1.5, 1.5)
        else:
            for start in range(0, self.width(), 16):
                painter.drawRoundedRect(QRectF(start, 0, 8, self.height()), 1.5, 1.5)
