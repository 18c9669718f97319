"""A label that ends in an ellipsis when there is too little room, and tells the whole text on hover."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """``mode``: where the ellipsis goes; paths read best with the middle."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self._tip = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def show_tip(self, text: str) -> None:
        """Help beyond the text itself; stands below it when the text is cut."""
        self._tip = text
        self._update_tip()

    def setText(self, text: str) -> None:
        if text != self.text():
            super().setText(text)
            self._update_tip()

    def elided(self) -> str:
        """The text as it is painted now."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("…"), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_tip()

    def _update_tip(self) -> None:
        whole = self.text() if self.elided() != self.text() else ""
        tip = "\n".join(part for part in (whole, self._tip) if part)
        if tip != self.toolTip():
            self.setToolTip(tip)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        role = self.foregroundRole()
        self.style().drawItemText(
            painter, self.contentsRect(), int(self.alignment()), self.palette(), self.isEnabled(), self.elided(), role
        )


class LiveLabel(ElidedLabel):
    """For figures that stream: another text is painted, and nothing around the label is laid out anew.

    A label of Qt's asks its window for another layout with each text, whatever its size.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        self._now = text
        super().__init__(text, parent)

    def text(self) -> str:
        return self._now

    def setText(self, text: str) -> None:
        if text == self._now:
            return
        self._now = text
        if not QLabel.text(self):
            QLabel.setText(self, text)  # from now on it is as high as a line
        self.setAccessibleName(text)
        self._update_tip()
        self.update()

    def keep_width_for(self, text: str) -> None:
        """As wide as this text with the widest digits; a layout only where that is another width."""
        wide = self.fontMetrics().horizontalAdvance(re.sub(r"\d", "0", text)) + 2
        if wide != self.width() or self.minimumWidth() != self.maximumWidth():
            # A layout that ignores its size would hand half of its room to whatever stands beside it.
            self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            self.setFixedWidth(wide)
