"""Repeat: how many times, with own or shared weights. What would come of it stands below, or why it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QSpinBox, QVBoxLayout

from designer.canvas.blocks import show_repeated
from designer.canvas.card import short_count
from designer.document import DocState
from designer.document.verbs.repeat import MOST, repeat
from designer.session.background import Background
from engine.analysis import infer
from widgets import tokens
from widgets.fields import Segmented
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: (the drawing that was asked about, the drawing with the copies, its parameters)
Found = tuple[DocState, DocState, int]
#: drawings that would have more layers are worked out in a thread (150 take 15 ms)
_AT_ONCE = 150


class RepeatBox(QDialog):
    """Opened over the canvas; Enter repeats, Escape leaves, the focus goes back to the canvas."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.setWindowTitle(tr("Repeat"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.times = QSpinBox()
        self.times.setRange(2, MOST)
        self.times.setValue(3)
        self.times.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.times.setAccessibleName(tr("How many in all"))
        self.weights = Segmented([("own", tr("own")), ("shared", tr("shared"))], "own")
        self.answer = QLabel()
        self.answer.setWordWrap(True)
        self.answer.setMinimumWidth(tokens.scaled(320))
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        self.buttons.button(buttons.Ok).setText(tr("Repeat"))
        self.buttons.button(buttons.Cancel).setText(tr("Cancel"))
        self._ok = self.buttons.button(buttons.Ok)
        self._job = Background(self)
        self._job.done.connect(self._show)
        self._job.failed.connect(self._refuse)
        self._found: Found | None = None
        self._accepted = False
        for button in self.buttons.buttons():
            button.setIcon(QIcon())
        form = QFormLayout()
        form.addRow(tr("How many in all"), self.times)
        form.addRow(tr("Weights"), self.weights)
        column = QVBoxLayout(self)
        column.setSpacing(tokens.SPACE_3)
        column.addLayout(form)
        column.addWidget(self.answer)
        column.addWidget(self.buttons)
        self.times.valueChanged.connect(lambda _: self._judge())
        self.weights.value_changed.connect(lambda _: self._judge())
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        self.finished.connect(lambda _: self._left())
        self._judge()
        self.times.selectAll()
        self.times.setFocus()

    @property
    def shared(self) -> bool:
        """All with one set of weights."""
        return self.weights.value() == "shared"

    def _left(self) -> None:
        self._job.cancel()
        self.canvas.setFocus()

    def _judge(self) -> None:
        """The parameters that it would have, or the refusal; nothing is changed by asking."""
        canvas, chosen = self.canvas, self.canvas.selection.nodes
        state, times, known = canvas.store.state, self.times.value(), canvas.analyst.analysis
        request = (chosen, times, canvas.scene_.sizes(roomy=True), canvas.store.within, self.shared)
        self._job.cancel()
        self._found = None

        def work() -> Found:
            after = repeat(state, *request)
            return state, after, infer(after.graph, known).parameters

        if len(state.graph.nodes) + len(chosen) * (times - 1) > _AT_ONCE:
            self._say(tr("Working it out…"), "secondary")
            self._job.start(work)
            return
        try:
            self._show(work())
        except ValueError as refusal:
            self._refuse(refusal)

    def _show(self, found: Found) -> None:
        self._found = before, after, parameters = found
        known, count = self.canvas.analyst.analysis, len(after.graph.nodes) - len(before.graph.nodes)
        figures = {"count": count, "before": short_count(known.parameters), "after": short_count(parameters)}
        self._say(tr("{count} new layers; parameters {before} → {after}", **figures), "secondary")
        self._ok.setEnabled(True)
        if self._accepted:
            self._take()

    def _refuse(self, refusal: object) -> None:
        self._accepted = False
        self._say(self.canvas.words_of(refusal), "warning")
        self._ok.setEnabled(False)

    def _say(self, text: str, tone: str) -> None:
        self.answer.setStyleSheet(f"color: {getattr(tokens.theme(), tone)};")
        self.answer.setText(text)

    def _take(self) -> None:
        """As soon as it is worked out."""
        self._accepted = self._found is None
        if self._found is not None:
            before, after, _ = self._found
            times = self.times.value()
            self.accept()
            show_repeated(self.canvas, before, after, times)


def open_repeat(canvas: Canvas) -> RepeatBox | None:
    """For what is selected; without a selection a sentence says what to do."""
    if not canvas.selection.nodes:
        canvas.message.emit(tr("Select a group or a piece of a chain to repeat it"))
        return None
    box = RepeatBox(canvas)
    box.open()
    return box
