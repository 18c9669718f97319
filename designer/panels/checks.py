"""Checks on demand: are the gradients right, and the three things that any sound network must do."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from designer.session.background import Background
from engine.graph import Project
from widgets import tokens
from widgets.fields import Badge
from widgets.i18n import language_changed, tr

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.training.checks import SanityResult, TensorCheck


@dataclass(frozen=True)
class Line:
    """One line of the result: what was checked, whether it passed (None: does not apply), and the numbers."""

    name: str
    passed: bool | None
    told: str


@dataclass(frozen=True)
class Basis:
    """What a check works on: the drawing, its data, names for people, and the weights of this moment, if any."""

    project: Project
    dataset: Dataset
    weights: Any = None


class ChecksPanel(QWidget):
    """``checked(command, found)`` tells what was found in plain values, for the run's log. ``basis()`` gives what to
    check, or a sentence that says why there is nothing to check yet.
    """

    checked = Signal(str, object)

    def __init__(self, basis: Callable[[Callable[[Basis | str], None]], None]) -> None:
        super().__init__()
        self._basis = basis
        self._stop = threading.Event()
        self._names: dict[str, str] = {}
        self.job = Background(self)
        self.job.done.connect(self._show)
        self.job.failed.connect(lambda error: self._say(str(error)))
        self.job.busy_changed.connect(self._show_busy)
        self.gradients, self.sanity, self.cancel = QPushButton(), QPushButton(), QPushButton()
        self.gradients.clicked.connect(lambda: self._begin(check_gradients))
        self.sanity.clicked.connect(lambda: self._begin(check_sanity))
        self.cancel.clicked.connect(self._cancel)
        self.cancel.hide()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setProperty("role", "secondary")
        self.lines = QWidget()
        self._grid = QGridLayout(self.lines)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.SPACE_3)
        self._lay_out()
        language_changed.connect(self.retranslate)
        self.retranslate()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.gradients, self.sanity, self.cancel):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_2, tokens.SPACE_3, tokens.SPACE_3)
        column.setSpacing(tokens.SPACE_2)
        column.addLayout(buttons)
        column.addWidget(self.words)
        column.addWidget(self.lines)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.gradients.setText(tr("Check gradients"))
        self.sanity.setText(tr("Sanity trio"))
        self.cancel.setText(tr("Cancel"))
        self._say(
            tr(
                "Gradients are compared with differences of the loss, in double precision. The trio: the first loss is "
                "what guessing gives, twenty samples can be learned by heart, shuffled labels teach nothing."
            )
        )

    def _begin(self, check: Callable[[Basis, Callable[[], bool]], tuple[Any, ...]]) -> None:
        def start(basis: Basis | str) -> None:
            if isinstance(basis, str):
                self._say(basis)
                return
            self._stop.clear()
            self._names = {k: n.name for k, n in basis.project.graph.nodes.items()}
            stopped = self._stop.is_set
            self._say(tr("Checking; this takes a few seconds."))
            self.job.start(lambda: check(basis, stopped))

        self._basis(start)

    def _cancel(self) -> None:
        self._stop.set()
        self.job.cancel()
        self.retranslate()

    def _show_busy(self, busy: bool) -> None:
        self.cancel.setVisible(busy)
        for button in (self.gradients, self.sanity):
            button.setEnabled(not busy)

    def _say(self, text: str) -> None:
        self.words.setText(text)

    def _show(self, found: tuple[Any, ...]) -> None:
        """The result, a line each; it stays until the next check."""
        lines = [
            tensor_line(f, self._names.get(f.node, f.node)) if hasattr(f, "kinks") else sanity_line(f) for f in found
        ]
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.checked.emit(*plain(found))
        failed = [line for line in lines if line.passed is False]
        self._say(
            tr("All as it should be.")
            if not failed
            else tr("{count} of {all} are off.", count=len(failed), all=len(lines))
        )
        for row, line in enumerate(lines):
            badge = Badge()
            words = {True: tr("right"), False: tr("wrong"), None: tr("not judged")}[line.passed]
            badge.show_badge(words, {True: "good", False: "error", None: "neutral"}[line.passed])
            told = QLabel(line.told)
            told.setProperty("role", "secondary")
            told.setWordWrap(True)
            self._grid.addWidget(badge, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(QLabel(line.name), row, 1, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(told, row, 2)
        self._grid.setColumnStretch(2, 1)


def plain(found: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
    """(command, what was found) as JSON values: worst difference and wrong tensors, or which of the trio passed."""
    if found and hasattr(found[0], "kinks"):
        known = [f.error for f in found if math.isfinite(f.error)]
        wrong = sum(not f.right for f in found)
        return "check_gradients", {"tensors": len(found), "wrong": wrong, "worst": max(known, default=None)}
    return "check_sanity", {f.name: f.passed for f in found}


def check_gradients(basis: Basis, stopped: Callable[[], bool]) -> tuple[Any, ...]:
    """In the background: every trainable tensor."""
    from engine.training.checks import gradient_check

    return gradient_check(basis.project, basis.dataset, basis.weights, stopped=stopped)


def check_sanity(basis: Basis, stopped: Callable[[], bool]) -> tuple[Any, ...]:
    """In the background: the three of them."""
    from engine.training.checks import first_loss_check, overfit_check, shuffled_check

    return (
        first_loss_check(basis.project, basis.dataset),
        overfit_check(basis.project, basis.dataset, stopped=stopped),
        shuffled_check(basis.project, basis.dataset, stopped=stopped),
    )


def tensor_line(found: TensorCheck, node: str) -> Line:
    """One tensor's result in words."""
    name = f"{node} · {found.name}"
    if math.isnan(found.error):
        return Line(name, None, tr("every direction met a kink"))
    return Line(name, found.right, tr("relative difference {error:.1e}", error=found.error))


def sanity_line(found: SanityResult) -> Line:
    """One of the trio in words."""
    value, expected = found.value, found.expected
    names = {
        "first loss": (
            tr("first loss"),
            tr(
                "{value:.3f}; labels that say nothing cost {blind:.3f}, guessing {expected:.3f}",
                value=value, blind=found.blind, expected=expected,
            ),
        ),
        "learns 20 samples": (
            tr("20 samples by heart"),
            tr("loss {value:.2e}; asked: below {expected:.2e}", value=value, expected=expected),
        ),
        "shuffled labels": (
            tr("shuffled labels"),
            tr("validation loss {value:.3f}; guessing gives {expected:.3f}", value=value, expected=expected),
        ),
    }
    name, told = names[found.name]
    return Line(name, found.passed, told if found.passed is not None else tr("does not apply to this task"))
