"""What all fields share: a control with a line below it that says why a value is refused."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from widgets.i18n import tr


def mixed_text() -> str:
    """What a field shows when the selected things differ."""
    return tr("mixed")


def restyle(widget: QWidget) -> None:
    """Makes Qt look at the style sheet again after a dynamic property changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


class Field(QWidget):
    """Base of the fields that can refuse what was typed."""

    value_changed = Signal(object)
    """The new value, after it was found valid."""

    def __init__(self, control: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        self._error = QLabel()
        self._error.setProperty("role", "error")
        self._error.setWordWrap(True)
        self._error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(control)
        column.addWidget(self._error)
        self.setFocusProxy(control)

    def show_error(self, text: str) -> None:
        """Red outline and message below; "" takes both away."""
        if text == self.error():
            return
        self._error.setText(text)
        self._error.setVisible(bool(text))
        self.control.setProperty("invalid", bool(text))
        self.control.setAccessibleDescription(text)
        restyle(self.control)

    def error(self) -> str:
        """The message that stands below the field, "" if there is none."""
        return self._error.text()
