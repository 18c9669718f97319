"""One of several named things."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from widgets.fields.field import mixed_text, restyle


class Choice(QComboBox):
    """A drop-down of ``(id, label)`` pairs, or of ids that are their own labels; deals in ids."""

    value_changed = Signal(object)

    def __init__(
        self, options: Iterable[str | tuple[str, str]] = (), value: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMaxVisibleItems(16)
        self.show_options(options)
        if value is not None:
            self.show_value(value)
        self.activated.connect(lambda index: self.value_changed.emit(self.itemData(index)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """As Qt paints it, but a text that is too long ends in an ellipsis instead of half a letter."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        text = option.currentText or (self.placeholderText() if self.currentIndex() < 0 else "")
        option.currentText = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, field.width() - 4)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def show_options(self, options: Iterable[str | tuple[str, str]]) -> None:
        """Replaces the options and keeps the chosen id if it is still there."""
        before = self.value()
        self.blockSignals(True)
        self.clear()
        for option in options:
            ident, label = (option, option) if isinstance(option, str) else option
            self.addItem(label, ident)
        self.setCurrentIndex(self.findData(before) if before is not None else 0)
        self.blockSignals(False)

    def value(self) -> str | None:
        """The chosen id; None while mixed or empty."""
        data = self.currentData()
        return data if isinstance(data, str) else None

    def show_value(self, value: str) -> None:
        """Chooses an id without telling anybody; an unknown id is added, so that nothing is hidden."""
        if self.findData(value) < 0:
            self.addItem(value, value)
        self.setCurrentIndex(self.findData(value))
        self.show_error("")

    def show_mixed(self) -> None:
        self.setPlaceholderText(mixed_text())
        self.setCurrentIndex(-1)

    def show_error(self, text: str) -> None:
        """Red outline and the reason as tooltip; "" takes both away."""
        self.setToolTip(text)
        if bool(self.property("invalid")) != bool(text):
            self.setProperty("invalid", bool(text))
            restyle(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Without the focus the wheel belongs to the form that scrolls.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
