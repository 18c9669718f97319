"""The list of problems: what is wrong, where, and a button for each fix; a click jumps to the layer."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from designer.inspector.problem_card import ProblemCard
from engine.analysis import Analysis, Problem
from widgets import tokens
from widgets.i18n import language_changed, tr


class ProblemList(QScrollArea):
    """``jump_wanted(node_id)``; ``fix_wanted(problem, fix)``."""

    jump_wanted = Signal(str)
    fix_wanted = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_3, tokens.SPACE_3)
        self._column.setSpacing(tokens.SPACE_2)
        self.none = QLabel()
        self.none.setProperty("role", "secondary")
        self.none.setWordWrap(True)
        self._column.addWidget(self.none)
        self._column.addStretch(1)
        self.setWidget(page)
        self.cards: list[ProblemCard] = []
        self._shown: tuple[Problem, ...] | None = None
        language_changed.connect(self._retranslate)
        self._retranslate()

    def _retranslate(self) -> None:
        self.none.setText(tr("No problems. A mistake in the network is listed here with what to do about it."))
        shown, self._shown = self._shown or (), None
        self._show(shown)

    def show_analysis(self, analysis: Analysis) -> None:
        """The problems of what is drawn, errors first."""
        self._show(analysis.problems)

    def _show(self, problems: tuple[Problem, ...]) -> None:
        if problems == self._shown:
            return
        self._shown = problems
        for card in self.cards:
            card.hide()
            self._column.removeWidget(card)
            card.deleteLater()
        self.cards = [ProblemCard(p) for p in problems]
        self.none.setVisible(not problems)
        for k, card in enumerate(self.cards):
            self._column.insertWidget(k + 1, card)
            card.fix_wanted.connect(self.fix_wanted)
            if card.problem.node:
                card.setCursor(Qt.CursorShape.PointingHandCursor)
                card.clicked.connect(lambda n=card.problem.node: self.jump_wanted.emit(n))
