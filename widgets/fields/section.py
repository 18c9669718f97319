"""A part of a form that folds under its title."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from widgets import icons, tokens


class Section(QWidget):
    """``body`` is the layout to fill; ``header`` takes small widgets at the right of the title."""

    toggled = Signal(bool)

    def __init__(self, title: str, *, opened: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = QToolButton()
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
        self._button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._button.clicked.connect(lambda: self.show_opened(not self.opened()))
        self.header = QHBoxLayout()
        self.header.setContentsMargins(0, 0, 0, 0)
        self.header.addWidget(self._button)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(tokens.SPACE_1, tokens.SPACE_1, tokens.SPACE_1, tokens.SPACE_2)
        self.body.setSpacing(tokens.SPACE_2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.header)
        column.addWidget(self._content)
        self._opened = True
        self.show_title(title)
        tokens.on_theme(self, self._restyle)
        self.show_opened(opened)

    def _restyle(self) -> None:
        self._button.setFont(tokens.font("body", bold=True))

    def show_title(self, title: str) -> None:
        self._button.setText(title)
        self._button.setAccessibleName(title)

    def opened(self) -> bool:
        return self._opened

    def show_opened(self, opened: bool) -> None:
        """Unfolds or folds; tells only when it changed."""
        changed, self._opened = opened != self._opened, opened
        self._content.setVisible(opened)
        icons.bind_icon(self._button, "chevron-down" if opened else "chevron-right", "secondary", tokens.ICON_SMALL)
        if changed:
            self.toggled.emit(opened)
