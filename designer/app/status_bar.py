"""The status bar: where training stands, in figures of equal width; what the network costs; how many problems."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStatusBar, QWidget

from designer.app.memory import bytes_text, resident_bytes
from designer.app.time_slider import TimeSlider
from designer.inspector.words import count_text, short_count
from designer.session.bridge import RunState
from designer.session.frame import NOT_SLOWED, Frame
from designer.session.switching import slowed_note
from engine.analysis import Analysis
from engine.training.session import Status
from widgets import tokens
from widgets.fields import Badge, LiveLabel
from widgets.i18n import language_changed, tr

MEMORY_MS = 1000
MESSAGE_MS = 6000
#: seconds between two figures of a run
PACE_S = 0.1
DOT = " · "


def eta_text(seconds: float) -> str:
    """``0:12``, ``3:05``, ``1:02:03``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def speed_text(steps: float) -> str:
    """``48,000 steps/s`` in three figures; below ten with one decimal."""
    if steps >= 100:
        digits = 10 ** max(len(str(int(steps))) - 3, 0)
        return tr("{speed} steps/s", speed=count_text(int(steps) // digits * digits))
    return tr("{speed} steps/s", speed=f"{steps:.3g}" if steps >= 10 else f"{steps:.1f}")


def state_words(state: RunState) -> tuple[str, str]:
    """(word, kind of badge) of a state."""
    return {
        "idle": (tr("not trained"), "neutral"),
        "preparing": (tr("preparing"), "accent"),
        "running": (tr("training"), "accent"),
        "paused": (tr("paused"), "neutral"),
        "finished": (tr("finished"), "good"),
        "diverged": (tr("diverged"), "error"),
        "failed": (tr("failed"), "error"),
    }[state.name]


def total_words(analysis: Analysis | None) -> list[str]:
    """What the drawn network costs in all: parameters, multiply-adds, memory; empty for one that costs nothing."""
    if analysis is None or not analysis.nodes:
        return []
    weights, kept = network_bytes(analysis)
    words = []
    if analysis.parameters:
        words.append(tr("{count} parameters", count=count_text(analysis.parameters)))
    if analysis.macs:
        words.append(tr("{count} multiply-adds", count=short_count(analysis.macs)))
    if weights + kept:
        words.append(tr("network {size}", size=bytes_text(weights + kept)))
    return words


def network_bytes(analysis: Analysis) -> tuple[int, int]:
    """(weights, what one sample leaves for the backward pass), float32."""
    return 4 * analysis.parameters, sum(n.activation_bytes for n in analysis.nodes.values())


def total_tip(analysis: Analysis) -> str:
    """How the totals come about."""
    weights, kept = (bytes_text(size) for size in network_bytes(analysis))
    return tr(
        "Multiply-adds of one sample's forward pass. Memory of the network: {weights} for the weights and {kept} that "
        "one sample leaves for the backward pass.", weights=weights, kept=kept,
    )  # fmt: skip


class TrainingStatus(QStatusBar):
    """``problems_wanted`` when the count of problems is clicked."""

    problems_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.badge = Badge("")
        self.figures = LiveLabel()
        self.words = QLabel()
        self.time = TimeSlider()
        self.problems = QPushButton()
        self.problems.setFlat(True)
        self.problems.clicked.connect(self.problems_wanted)
        self._memory = ""
        self._status: Status | None = None
        self._shown_at = 0.0
        self._analysis: Analysis | None = None
        self._state, self._slowed = RunState(), NOT_SLOWED
        box = QWidget()
        line = QHBoxLayout(box)
        line.setContentsMargins(tokens.SPACE_3, 2, tokens.SPACE_2, 2)
        line.setSpacing(tokens.SPACE_3)
        line.addWidget(self.badge)
        line.addWidget(self.figures, 1)
        line.addWidget(self.words)
        line.addWidget(self.time)
        line.addWidget(self.problems)
        self.addWidget(box, 1)
        for label in (self.figures, self.words):
            label.setProperty("role", "caption")
        self._clear = QTimer(self)
        self._clear.setSingleShot(True)
        self._clear.setInterval(MESSAGE_MS)
        self._clear.timeout.connect(lambda: self.words.setText(""))
        self._ticker = QTimer(self)
        self._ticker.setInterval(MEMORY_MS)
        self._ticker.timeout.connect(self._measure)
        self._ticker.start()
        language_changed.connect(self.refresh)
        self._measure()
        self.refresh()

    def say(self, text: str) -> None:
        """A sentence for a few seconds."""
        self.words.setText(text)
        self._clear.start()

    def show_state(self, state: RunState) -> None:
        """Word and colour of the run's state."""
        self._state = state
        self.time.show_state(state)
        self.refresh()

    def show_frame(self, frame: Frame, *, at_once: bool = False) -> None:
        """Figures of the run; while it runs no oftener than they can be read, unless ``at_once``."""
        now, before = time.monotonic(), self._status
        running = frame.status is not None and before is not None and frame.status.state == before.state == "running"
        if running and not at_once and now - self._shown_at < PACE_S:
            return
        self._shown_at, self._status = now, frame.status
        if frame.slowed is not self._slowed:
            self._slowed = frame.slowed
            self._show_tip()
        self.time.show_frame(frame)
        self._show_figures()

    def show_analysis(self, analysis: Analysis) -> None:
        """Parameters and problems of what is drawn."""
        self._analysis = analysis
        self.refresh()

    def refresh(self) -> None:
        """All texts anew."""
        word, kind = state_words(self._state)
        self.badge.show_badge(word, kind)  # type: ignore[arg-type]
        self._show_tip()
        self._show_figures()
        self._show_problems()

    def _show_tip(self) -> None:
        """How the totals come about, and what keeps the training from the fast kernels."""
        totals = total_tip(self._analysis) if self._analysis is not None else ""
        self.figures.show_tip("\n".join(t for t in (totals, slowed_note(self._slowed)) if t))

    def _measure(self) -> None:
        size = resident_bytes()
        self._memory = bytes_text(size) if size is not None else ""
        self._show_figures()

    def _show_figures(self) -> None:
        parts: list[str] = []
        status = self._status
        if status is not None and status.epochs:
            shown = min(status.epoch + (1 if status.state == "running" else 0), max(status.epochs, status.epoch))
            parts.append(tr("epoch {epoch}/{epochs}", epoch=shown, epochs=status.epochs))
            parts.append(tr("step {step}", step=count_text(status.step)))
            if status.steps_per_second > 0:
                parts.append(speed_text(status.steps_per_second))
            if status.state in ("running", "paused") and status.steps_per_second > 0:
                parts.append(tr("ETA {time}", time=eta_text(status.seconds_left)))
        parts += total_words(self._analysis)
        if self._memory:
            parts.append(tr("program {size}", size=self._memory))
        if status is not None and status.backend:
            one = tr("{backend}, 1 thread", backend=status.backend)
            many = tr("{backend}, {count} threads", backend=status.backend, count=status.threads)
            parts.append(many if status.threads > 1 else one)
        self.figures.setText(DOT.join(parts))

    def _show_problems(self) -> None:
        found = self._analysis
        errors = len(found.errors) if found is not None else 0
        warnings = len(found.problems) - errors if found is not None else 0
        self.problems.setVisible(bool(errors or warnings))
        words = []
        if errors:
            words.append(tr("{count} errors", count=errors) if errors > 1 else tr("1 error"))
        if warnings:
            words.append(tr("{count} warnings", count=warnings) if warnings > 1 else tr("1 warning"))
        self.problems.setText(", ".join(words))
        self.problems.setToolTip(tr("Show the list of problems"))
