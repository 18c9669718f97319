"""Rows of label and field, as in the inspector."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

from widgets import icons, tokens
from widgets.fields.elided import ElidedLabel
from widgets.i18n import tr

LABEL_WIDTH = 104


class FieldForm(QWidget):
    """``add(name, label, field, help)``; a changed value gets a small arrow that emits ``reset_wanted(name)``."""

    reset_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.SPACE_2)
        self._grid.setVerticalSpacing(tokens.SPACE_1 + 2)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, tokens.scaled(LABEL_WIDTH))
        self._grid.setColumnMinimumWidth(2, 18)
        self.fields: dict[str, QWidget] = {}
        self._labels: dict[str, ElidedLabel] = {}
        self._resets: dict[str, QToolButton] = {}

    def add(self, name: str, label: str, field: QWidget, tip: str = "") -> QWidget:
        """Appends a row and returns its field."""
        row = self._grid.rowCount()
        words = ElidedLabel(label)
        words.setProperty("role", "secondary")
        words.setFixedHeight(tokens.scaled(tokens.CONTROL_HEIGHT))
        words.show_tip(tip)
        words.setBuddy(field)
        field.setAccessibleName(label)
        reset = QToolButton()
        icons.bind_icon(reset, "reset", "secondary", 12)
        reset.setIconSize(QSize(12, 12))
        reset.setFixedSize(18, 18)
        reset.setToolTip(tr("Back to the default"))
        reset.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        reset.setSizePolicy(policy)
        reset.clicked.connect(lambda: self.reset_wanted.emit(name))
        reset.hide()
        self._grid.addWidget(words, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(field, row, 1)
        self._grid.addWidget(reset, row, 2, Qt.AlignmentFlag.AlignVCenter)
        self.fields[name], self._labels[name], self._resets[name] = field, words, reset
        return field

    def show_changed(self, name: str, changed: bool, default: str = "") -> None:
        """Whether the value differs from the default, which the arrow's hover text names."""
        self._resets[name].setVisible(changed)
        self._resets[name].setToolTip(tr("Back to the default ({value})", value=default) if default else "")

    def show_row(self, name: str, visible: bool) -> None:
        """Shows or hides a whole row."""
        for widget in (self._labels[name], self.fields[name]):
            widget.setVisible(visible)
        if not visible:
            self._resets[name].hide()
