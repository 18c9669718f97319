"""Yes or no."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QWidget


class Toggle(QCheckBox):
    """A check box that deals in bool; mixed shows the third state until it is clicked."""

    value_changed = Signal(object)

    def __init__(self, text: str = "", value: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.show_value(value)
        self.clicked.connect(self._clicked)

    def value(self) -> bool | None:
        state = self.checkState()
        return None if state == Qt.CheckState.PartiallyChecked else state == Qt.CheckState.Checked

    def show_value(self, value: bool) -> None:
        self.setTristate(False)
        self.setChecked(bool(value))

    def show_mixed(self) -> None:
        self.setTristate(True)
        self.setCheckState(Qt.CheckState.PartiallyChecked)

    def show_error(self, text: str) -> None:
        self.setToolTip(text)

    def _clicked(self) -> None:
        if self.isTristate():
            self.show_value(True)
        self.value_changed.emit(self.isChecked())
