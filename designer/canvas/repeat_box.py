"""Repeat: how many times, with own or shared weights. What would come of it stands below, or why it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QSpinBox, QVBoxLayout

from designer.canvas.blocks import repeat_chosen
from designer.canvas.card import short_count
from designer.document.verbs.repeat import MOST, repeat
from engine.analysis import infer
from widgets import tokens
from widgets.fields import Segmented
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


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
        self.finished.connect(lambda _: canvas.setFocus())
        self._judge()
        self.times.selectAll()
        self.times.setFocus()

    @property
    def shared(self) -> bool:
        """All with one set of weights."""
        return self.weights.value() == "shared"

    def _judge(self) -> None:
        """The parameters that it would have, or the refusal; nothing is changed by asking."""
        canvas, chosen = self.canvas, self.canvas.selection.nodes
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        try:
            after = repeat(canvas.store.state, chosen, self.times.value(), {}, canvas.store.within, self.shared)
        except ValueError as refusal:
            self._say(canvas.words_of(refusal), "warning")
            ok.setEnabled(False)
            return
        known, then = canvas.analyst.analysis, infer(after.graph, canvas.analyst.analysis)
        count = len(after.graph.nodes) - len(canvas.store.state.graph.nodes)
        figures = {"count": count, "before": short_count(known.parameters), "after": short_count(then.parameters)}
        self._say(tr("{count} new layers; parameters {before} → {after}", **figures), "secondary")
        ok.setEnabled(True)

    def _say(self, text: str, tone: str) -> None:
        self.answer.setStyleSheet(f"color: {getattr(tokens.theme(), tone)};")
        self.answer.setText(text)

    def _take(self) -> None:
        times, shared = self.times.value(), self.shared
        self.accept()
        repeat_chosen(self.canvas, times, shared)


def open_repeat(canvas: Canvas) -> RepeatBox | None:
    """For what is selected; without a selection a sentence says what to do."""
    if not canvas.selection.nodes:
        canvas.message.emit(tr("Select a group or a piece of a chain to repeat it"))
        return None
    box = RepeatBox(canvas)
    box.open()
    return box
