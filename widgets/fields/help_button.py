"""The round "?" beside a title."""

from __future__ import annotations

import html

from PySide6.QtCore import QPoint, QSize
from PySide6.QtWidgets import QToolButton, QToolTip, QWidget

from widgets import icons, tokens
from widgets.i18n import tr


class HelpButton(QToolButton):
    """Shows its text on hover, and at once on a click or by keyboard."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hidden = False
        icons.bind_icon(self, "help", "secondary", tokens.ICON_SMALL)
        self.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
        self.setAutoRaise(True)
        self.setAccessibleName(tr("What does this show?"))
        self.show_text(text)
        self.clicked.connect(self._popup)

    def show_text(self, text: str) -> None:
        """Two sentences; "" hides the button."""
        # Rich text makes Qt wrap the lines.
        self.setToolTip(f"<p>{html.escape(text)}</p>" if text else "")
        self.setAccessibleDescription(text)
        # Shown only after it was hidden: without a parent yet, a window of its own would flash up.
        if not text:
            self.hide()
        elif self._hidden:
            self.show()
        self._hidden = not text

    def _popup(self) -> None:
        QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), self.toolTip(), self)
