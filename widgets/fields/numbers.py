"""A short list of numbers in one line: ``3 x 3``."""

from __future__ import annotations

import math
import re

from PySide6.QtWidgets import QLineEdit, QWidget

from widgets.fields.field import Field, mixed_text
from widgets.fields.number import format_number
from widgets.i18n import tr


class NumbersField(Field):
    """``count`` = (least, most) numbers, each between ``low`` and ``high``; typed with x, comma or blank between."""

    def __init__(
        self,
        value: tuple[float, ...] = (),
        *,
        count: tuple[int, int] = (1, 8),
        low: float | None = None,
        high: float | None = None,
        integer: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        self.edit = QLineEdit()
        super().__init__(self.edit, parent)
        self.count, self.low, self.high, self.integer = count, low, high, integer
        self._value = tuple(value)
        self.edit.textEdited.connect(self._typed)
        self.edit.editingFinished.connect(self._finished)
        self.show_value(value)

    def value(self) -> tuple[float, ...]:
        """The last valid numbers."""
        return self._value

    def show_value(self, value: tuple[float, ...]) -> None:
        """Shows numbers without telling anybody."""
        self._value = tuple(value)
        self.edit.setPlaceholderText("")
        if not (self.edit.hasFocus() and self._parse(self.edit.text())[0] == self._value):
            self.edit.setText(" x ".join(format_number(v) for v in self._value))
        self.show_error("")

    def show_mixed(self) -> None:
        self.edit.clear()
        self.edit.setPlaceholderText(mixed_text())

    def _typed(self, text: str) -> None:
        numbers, refusal = self._parse(text)
        self.show_error(refusal)
        if not refusal and numbers != self._value:
            self._value = numbers
            self.value_changed.emit(numbers)

    def _finished(self) -> None:
        if not self.error() and self.edit.text().strip():
            self.show_value(self._value)

    def _parse(self, text: str) -> tuple[tuple[float, ...], str]:
        parts = [part for part in re.split(r"[\s,x\u00d7;]+", text.strip().strip("()[]")) if part]
        try:
            numbers = tuple(int(part) if self.integer else float(part) for part in parts)
        except ValueError:
            return (), tr("not whole numbers; write 3 x 3") if self.integer else tr("not numbers; write 0.5, 0.5")
        least, most = self.count
        if not least <= len(numbers) <= most:
            if least == most:
                return (), tr("{count} numbers are needed", count=least)
            return (), tr("{least} to {most} numbers are needed", least=least, most=most)
        if not all(math.isfinite(v) for v in numbers):
            return (), tr("numbers must be finite")
        if self.low is not None and min(numbers) < self.low:
            return (), tr("must be at least {low}", low=format_number(self.low))
        if self.high is not None and max(numbers) > self.high:
            return (), tr("must be at most {high}", high=format_number(self.high))
        return numbers, ""
