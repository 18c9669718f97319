"""A remedy that is being tried: its loss beside that of the run, and what came of it in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from designer.session.trial import Trial
from engine.layers import Fix
from engine.training import EpochRecord
from widgets import tokens
from widgets.curve import CurvePlot, Line
from widgets.i18n import tr, tr_declared

HEIGHT = 172
#: a loss that differs by less than this share is called the same
SAME = 0.03


class TrialView(QWidget):
    """``apply_wanted(fix)``, ``dismissed``. Run A is the run as it is, run B the trial."""

    apply_wanted = Signal(object)
    dismissed = Signal()

    def __init__(self, fix: Fix, run: Sequence[EpochRecord], trial: Trial) -> None:
        super().__init__()
        self.fix, self.run, self.trial = fix, tuple(run), trial
        self.plot = CurvePlot(tr("Trial"), x_label=tr("epoch"))
        self.plot.setFixedHeight(tokens.scaled(HEIGHT))
        self.plot.show_help(
            tr(
                "The loss as the network is (blue) and with the change (amber), from the same seed and on the same "
                "data; dashed is validation. The document is not changed until you press Apply."
            )
        )
        self.tried = QLabel(tr("Trial: {fix}", fix=tr_declared(fix.label)))
        self.tried.setWordWrap(True)
        tokens.on_theme(self.tried, lambda: self.tried.setFont(tokens.font("body", bold=True)))
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.stop, self.apply, self.dismiss = (QPushButton(t) for t in (tr("Stop"), tr("Apply"), tr("Dismiss")))
        self.apply.setProperty("primary", True)
        self.stop.clicked.connect(trial.cancel)
        self.apply.clicked.connect(lambda: self.apply_wanted.emit(fix))
        self.dismiss.clicked.connect(self.dismissed)
        row = QHBoxLayout()
        row.setSpacing(tokens.SPACE_1)
        row.addWidget(self.sentence, 1)
        for button in (self.stop, self.apply, self.dismiss):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, tokens.SPACE_2, 0, 0)
        column.setSpacing(tokens.SPACE_1)
        column.addWidget(self.tried)
        column.addLayout(row)
        column.addWidget(self.plot)
        trial.changed.connect(self.refresh)
        trial.ended.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Curves, sentence and buttons as the trial stands."""
        lines = {
            **_lines(self.run, "A", tr("as it is, train"), tr("as it is, validation")),
            **_lines(self.trial.epochs, "B", tr("changed, train"), tr("changed, validation")),
        }
        if lines:
            self.plot.show_curves(lines, whole=True)
        else:
            self.plot.show_empty(tr("Training with the change; the first epoch will be drawn here."))
        self.sentence.setText(self._words())
        self.stop.setVisible(self.trial.busy)
        self.apply.setVisible(not self.trial.busy)

    def _words(self) -> str:
        done, trial = len(self.trial.epochs), self.trial
        if trial.busy:
            return tr("Epoch {done} of {wanted} ...", done=done, wanted=trial.wanted)
        if trial.outcome == "failed":
            return tr("It could not be trained: {reason}", reason=trial.reason)
        if not done:
            return tr("Ended before the first epoch was through.")
        if trial.outcome == "diverged":
            return tr("It diverged after {done} epochs: this change alone does not help.", done=done)
        return self._compared(done)

    def _compared(self, done: int) -> str:
        """Both losses after the same number of epochs; validation where both have it."""
        there = min(done, len(self.run))
        after = self.trial.epochs[-1].train_loss
        if not there:
            return tr("After {done} epochs the training loss is {after:.3g}.", done=done, after=after)
        after, before = self.trial.epochs[there - 1].train_loss, self.run[there - 1].train_loss
        if abs(after - before) <= SAME * abs(before):
            return tr("After {done} epochs no difference: {after:.3g}.", done=there, after=after)
        return tr(
            "After {done} epochs the training loss is {after:.3g} instead of {before:.3g}.",
            done=there, after=after, before=before,
        )  # fmt: skip


def _lines(epochs: Sequence[EpochRecord], run: str, train: str, held: str) -> dict[str, Line]:
    if not epochs:
        return {}
    x = [e.epoch for e in epochs]
    found = {train: Line(x, [e.train_loss for e in epochs], run=run)}
    validation = [e.validation_loss for e in epochs]
    if any(v == v for v in validation):
        found[held] = Line(x, validation, split="validation", run=run)
    return found
