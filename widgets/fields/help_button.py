"""The round "?" beside a title."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize
from PySide6.QtWidgets import QToolButton, QToolTip, QWidget

from widgets import icons, tokens
from widgets.i18n import tr


class HelpButton(QToolButton):
    """Shows its text on hover, and at once on a click or by keyboard."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        icons.bind_icon(self, "help", "secondary", tokens.ICON_SMALL)
        self.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
        self.setAutoRaise(True)
        self.setAccessibleName(tr("What does this show?"))
        self.show_text(text)
        self.clicked.connect(self._popup)

    def show_text(self, text: str) -> None:
        # Rich text makes Qt wrap the lines.
        self.setToolTip(f"<p>{text}</p>" if text else "")
        self.setAccessibleDescription(text)
        self.setVisible(bool(text))

    def _popup(self) -> None:
        QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), self.toolTip(), self)
