"""The time slider: every view as it was after any step of the run, and going on from there."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)

from designer.inspector.words import count_text
from designer.session.bridge import RunState
from designer.session.frame import Frame
from widgets import tokens
from widgets.fields import LiveLabel
from widgets.i18n import language_changed, tr

PAUSE_MS = 50


@dataclass(frozen=True)
class Place:
    """Where one document's slider stands."""

    step: int
    at_end: bool


class JumpingSlider(QSlider):
    """A click on the track goes to the clicked place, and a drag goes on from there."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Brings the handle under the mouse first."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        part, style = QStyle.ComplexControl.CC_Slider, self.style()
        handle = style.subControlRect(part, option, QStyle.SubControl.SC_SliderHandle, self)
        if event.button() == Qt.MouseButton.LeftButton and not handle.contains(event.position().toPoint()):
            groove = style.subControlRect(part, option, QStyle.SubControl.SC_SliderGroove, self)
            at = round(event.position().x()) - groove.x() - handle.width() // 2
            room = max(groove.width() - handle.width(), 1)
            low, high = self.minimum(), self.maximum()
            self.setValue(QStyle.sliderValueFromPosition(low, high, at, room, option.upsideDown))
        super().mousePressEvent(event)


class TimeSlider(QWidget):
    """``visited(step)`` while it is dragged, at most twenty times a second; ``go_on_wanted(step)``.

    Hidden without a run. At the right end it stands for the present and follows it.
    """

    visited = Signal(int)
    go_on_wanted = Signal(int)
    fork_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.label, self.place = QLabel(), LiveLabel()
        self.slider = JumpingSlider(Qt.Orientation.Horizontal)
        self.slider.setFixedWidth(tokens.scaled(144))
        self.go_on = QPushButton()
        self.fork = QPushButton()
        self.go_on.hide()
        self.fork.hide()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(tokens.SPACE_2)
        for widget in (self.label, self.slider, self.place, self.go_on, self.fork):
            line.addWidget(widget)
        for label in (self.label, self.place):
            label.setProperty("role", "caption")
        # One that grows into room to spare pushes the figures beyond the edge until the next layout.
        self.label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._last, self._at_end = 0, True
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(lambda: self.visited.emit(self.slider.value()))
        self.slider.valueChanged.connect(self._moved)
        self.fork.clicked.connect(lambda: self.fork_wanted.emit(self.slider.value()))
        self.go_on.clicked.connect(lambda: self.go_on_wanted.emit(self.slider.value()))
        language_changed.connect(self.retranslate)
        self.retranslate()
        self.hide()

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.label.setText(tr("time travel"))
        self.go_on.setText(tr("Go on from here"))
        self.go_on.setToolTip(tr("Trains on from this step; what came after it stays as the run before"))
        self.fork.setText(tr("Fork…"))
        self.fork.setToolTip(tr("One change, and both trainings in lockstep from this step"))
        self.slider.setAccessibleName(tr("time travel"))
        self._show_place()

    def show_frame(self, frame: Frame) -> None:
        """The run's length."""
        step = frame.status.step if frame.status is not None else 0
        if step == self._last:
            return
        if step < self._last:
            self._at_end = True
        self._last = step
        with QSignalBlocker(self.slider):
            self.slider.setMaximum(step)
            self.slider.setPageStep(max(step // 20, 1))
            if self._at_end:
                self.slider.setValue(step)
        self.setVisible(step > 0)
        self._show_place()

    @property
    def place_now(self) -> Place:
        """What ``show_place`` brings back."""
        return Place(self.slider.value(), self._at_end)

    def show_place(self, frame: Frame, place: Place | None) -> None:
        """The slider of another document, where it was left."""
        self._pause.stop()
        self._last, self._at_end = -1, place is None or place.at_end
        self.show_frame(frame)
        if place is not None and not place.at_end:
            with QSignalBlocker(self.slider):
                self.slider.setValue(place.step)
            self._show_place()

    def show_state(self, state: RunState) -> None:
        """What runs is at its end; only what rests can be looked back on."""
        if state.busy:
            self._at_end = True
            with QSignalBlocker(self.slider):
                self.slider.setValue(self._last)
        self._show_place()

    def _moved(self, step: int) -> None:
        self._at_end = step >= self._last
        self._show_place()
        if not self._pause.isActive():
            self._pause.start()

    def _show_place(self) -> None:
        step = self.slider.value()
        words = tr("step {step} of {last}", step=count_text(step), last=count_text(self._last))
        last = count_text(self._last)
        self.place.keep_width_for(tr("step {step} of {last}", step=last, last=last))
        self.place.setText(words)
        self.go_on.setVisible(not self._at_end)
        self.fork.setVisible(not self._at_end)
