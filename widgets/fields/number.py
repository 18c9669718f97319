"""A number that can be typed, dragged sideways like a slider, or scrolled."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from widgets import tokens
from widgets.fields.field import Field, mixed_text
from widgets.i18n import tr
from widgets.tokens import color, theme

Number = int | float
PIXELS_PER_STEP = 6


def format_number(value: float, digits: int = 6) -> str:
    """``digits`` significant figures, without noise: 32, 0.03, 1e-4, 2.5e-5, 1,234 stays 1234."""
    if isinstance(value, int) or (math.isfinite(value) and value == round(value) and abs(value) < 1e6):
        return str(int(value))
    if not math.isfinite(value):
        return str(value)
    if 1e-3 <= abs(value) < 1e6:
        return f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


class _Edit(QLineEdit):
    """Line edit with a unit at its right; before it has the focus a sideways drag scrubs instead of selecting."""

    stepped = Signal(float)
    scrub_started = Signal()
    scrub_finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.unit = ""
        self._origin: QPoint | None = None
        self._steps_done = 0
        self._scrubbing = False
        # A press must not give the focus yet: it may begin a drag.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_unit(self, unit: str) -> None:
        self.unit = unit
        width = self.fontMetrics().horizontalAdvance(unit) + tokens.SPACE_1 if unit else 0
        self.setTextMargins(0, 0, width, 0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.unit:
            painter = QPainter(self)
            painter.setPen(color(theme().secondary if self.isEnabled() else theme().disabled))
            area = self.rect().adjusted(0, 0, -tokens.SPACE_2, 0)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.unit)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self.hasFocus():
            self._origin, self._steps_done, self._scrubbing = event.globalPosition().toPoint(), 0, False
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._origin is None:
            super().mouseMoveEvent(event)
            return
        steps = (event.globalPosition().toPoint().x() - self._origin.x()) // PIXELS_PER_STEP
        if not self._scrubbing and steps not in (0, -1):
            self._scrubbing = True
            self.setCursor(Qt.CursorShape.SizeHorCursor)
            self.scrub_started.emit()
        if self._scrubbing and steps != self._steps_done:
            self.stepped.emit((steps - self._steps_done) * _factor(event.modifiers()))
            self._steps_done = steps

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._origin is None:
            super().mouseReleaseEvent(event)
            return
        self._origin = None
        if self._scrubbing:
            self._scrubbing = False
            self.setCursor(Qt.CursorShape.IBeamCursor)
            self.scrub_finished.emit()
        else:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.selectAll()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Only with the focus: a wheel that scrolls the form must not change what it passes over.
        if self.hasFocus() and event.angleDelta().y():
            self.stepped.emit(math.copysign(1.0, event.angleDelta().y()) * _factor(event.modifiers()))
            event.accept()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            sign = 1.0 if event.key() == Qt.Key.Key_Up else -1.0
            self.stepped.emit(sign * _factor(event.modifiers()))
        else:
            super().keyPressEvent(event)


def _factor(modifiers: Qt.KeyboardModifier) -> float:
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return 10.0
    return 0.1 if modifiers & Qt.KeyboardModifier.ControlModifier else 1.0


class NumberField(Field):
    """A number between ``low`` and ``high`` (inclusive; ``low_open`` excludes ``low``).

    ``logarithmic`` steps by factors (rates: 1e-4, 2e-4, 5e-4, 1e-3); else ``step``, or 1 for whole numbers.
    ``optional`` admits an empty field = None. While dragging, ``scrub_started`` and ``scrub_finished`` bracket the
    values, so that one drag can be one undo step.
    """

    scrub_started = Signal()
    scrub_finished = Signal()

    def __init__(
        self,
        value: Number | None = 0,
        *,
        low: float | None = None,
        high: float | None = None,
        low_open: bool = False,
        integer: bool = False,
        unit: str = "",
        optional: bool = False,
        step: float | None = None,
        logarithmic: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        self.edit = _Edit()
        super().__init__(self.edit, parent)
        self.low, self.high, self.low_open = low, high, low_open
        self.integer, self.optional, self.logarithmic = integer, optional, logarithmic
        self.step = step if step is not None else (1.0 if integer else 0.01)
        self._value: Number | None = value
        self.edit.show_unit(unit)
        self.edit.textEdited.connect(self._typed)
        self.edit.editingFinished.connect(self._finished)
        self.edit.stepped.connect(self._stepped)
        self.edit.scrub_started.connect(self.scrub_started)
        self.edit.scrub_finished.connect(self.scrub_finished)
        self.edit.installEventFilter(self)
        self.show_value(value)

    def value(self) -> Number | None:
        """The last valid value."""
        return self._value

    def show_value(self, value: Number | None) -> None:
        """Shows a value without telling anybody."""
        self._value = value
        self.edit.setPlaceholderText("")
        text = "" if value is None else format_number(value)
        # While it is being typed ("1e-") the text stays as the person wrote it.
        if not (self.edit.hasFocus() and _parse(self.edit.text(), self.integer) == value):
            self.edit.setText(text)
            self.edit.setCursorPosition(0)
        self.show_error("")

    def show_mixed(self) -> None:
        """Several things with different values are shown at once."""
        self._value = None
        self.edit.clear()
        self.edit.setPlaceholderText(mixed_text())

    def refusal(self, text: str) -> str:
        """Why ``text`` is no value for this field, "" when it is one."""
        if not text.strip():
            return "" if self.optional else tr("a number is needed")
        number = _parse(text, self.integer)
        if number is None:
            return tr("not a whole number") if self.integer else tr("not a number; write 0.01 or 1e-2")
        if self.low is not None and (number < self.low or (self.low_open and number == self.low)):
            word = tr("must be above {low}") if self.low_open else tr("must be at least {low}")
            return word.format(low=format_number(self.low))
        if self.high is not None and number > self.high:
            return tr("must be at most {high}", high=format_number(self.high))
        return ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            escape = event.key() == Qt.Key.Key_Escape
            if escape and self.error():
                self._revert()
                return True
        return super().eventFilter(watched, event)

    def _typed(self, text: str) -> None:
        if not text.strip() and self.edit.placeholderText():
            return
        refusal = self.refusal(text)
        self.show_error(refusal)
        if not refusal:
            self._take(_parse(text, self.integer))

    def _finished(self) -> None:
        if self.error():
            return
        if self.edit.text().strip() and self._value is not None:
            self.edit.setText(format_number(self._value))

    def _revert(self) -> None:
        self.edit.setText("" if self._value is None else format_number(self._value))
        self.show_error("")

    def _stepped(self, steps: float) -> None:
        start = self._value if self._value is not None else (self.low or 0)
        number = self._step_log(float(start), steps) if self.logarithmic else start + steps * self.step
        if self.integer:
            number = round(number) if abs(steps) >= 1 else start + int(math.copysign(1, steps))
        number = self._inside(float(f"{number:.6g}") if not self.integer else number, start)
        self.edit.setPlaceholderText("")
        self.edit.setText(format_number(number))
        self.show_error("")
        self._take(number)

    def _step_log(self, start: float, steps: float) -> float:
        """Along 1, 2, 5, 10: three steps a decade, on the grid."""
        if start <= 0:
            return 1e-6 if steps > 0 else start
        if abs(steps) < 1:
            return start * 10 ** (steps / 3)
        series = (0.0, math.log10(2), math.log10(5))
        place = math.floor(math.log10(start) + 1e-9)
        rest = math.log10(start) - place
        index = min(range(3), key=lambda i: abs(series[i] - rest)) + 3 * place + int(steps)
        return (1, 2, 5)[index % 3] * 10.0 ** (index // 3)

    def _inside(self, number: Number, start: Number) -> Number:
        if self.low is not None and (number < self.low or (self.low_open and number <= self.low)):
            return start if self.low_open else (int(self.low) if self.integer else self.low)
        if self.high is not None and number > self.high:
            return int(self.high) if self.integer else self.high
        return number

    def _take(self, number: Number | None) -> None:
        if number != self._value or (number is None) != (self._value is None):
            self._value = number
            self.value_changed.emit(number)


def _parse(text: str, integer: bool) -> Number | None:
    cleaned = text.strip().replace("_", "").replace("\u2212", "-")
    if "," in cleaned and "." not in cleaned:
        cleaned = cleaned.replace(",", ".")
    try:
        number = float(cleaned)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    if integer:
        return int(number) if number == int(number) else None
    return number
