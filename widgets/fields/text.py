"""A line of text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QWidget

from widgets.fields.field import Field, mixed_text


class TextField(Field):
    """``check`` returns why a text is refused, "" when it is fine. The value changes when editing is finished."""

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        check: Callable[[str], str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        self.edit = QLineEdit(value)
        super().__init__(self.edit, parent)
        self.placeholder, self.check = placeholder, check
        self._value = value
        self.edit.setPlaceholderText(placeholder)
        self.edit.textEdited.connect(lambda text: self.show_error(check(text) if check else ""))
        self.edit.editingFinished.connect(self._finished)

    def value(self) -> str:
        return self._value

    def show_value(self, value: str) -> None:
        self._value = value
        self.edit.setPlaceholderText(self.placeholder)
        if self.edit.text() != value:
            self.edit.setText(value)
        self.show_error("")

    def show_mixed(self) -> None:
        self.edit.clear()
        self.edit.setPlaceholderText(mixed_text())

    def _finished(self) -> None:
        if self.error() or self.edit.text() == self._value or (not self.edit.text() and not self.edit.isModified()):
            return
        self.edit.setModified(False)
        self._value = self.edit.text()
        self.value_changed.emit(self._value)
