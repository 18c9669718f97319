"""The way from the network to the group that is entered, at the canvas's upper left: each step is a link."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from designer.document import DocState
from widgets import tokens
from widgets.i18n import tr


class Breadcrumb(QLabel):
    """``linkActivated("#" + group)``; "#" is the network. ``path``: the groups, outermost first."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.path: tuple[str, ...] = ()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        self.setAccessibleName(tr("Where you are"))
        self.hide()

    def show_path(self, state: DocState, path: tuple[str, ...]) -> None:
        """The last one is where one is; nothing is shown on the network itself."""
        self.path = path
        if not path:
            self.hide()
            return
        theme = tokens.theme()
        links = [("", tr("network")), *((k, state.groups[k].title) for k in path[:-1])]
        style = f"color: {theme.accent}; text-decoration: none"
        words = [f'<a href="#{k}" style="{style}">{_plain(t)}</a>' for k, t in links]
        self.setText(" &nbsp;›&nbsp; ".join([*words, f"<b>{_plain(state.groups[path[-1]].title)}</b>"]))
        self.setToolTip(tr("Escape leaves the group"))
        self.setStyleSheet(
            f"QLabel {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {theme.border};"
            f" border-radius: {tokens.RADIUS}px; padding: 4px 10px; }}"
        )
        self.adjustSize()
        self.move(tokens.SPACE_4, tokens.SPACE_3)
        self.show()
        self.raise_()


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
