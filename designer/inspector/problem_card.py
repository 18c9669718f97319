"""A problem as a card: coloured edge, sentence, expected and got, and a button for each fix."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from designer.inspector.words import problem_text
from engine.analysis import Problem
from widgets import icons, tokens
from widgets.i18n import tr, tr_declared
from widgets.tokens import color, theme

EDGE = 3


class Card(QWidget):
    """A raised rounded box whose left edge has a colour of the theme, named by ``role``."""

    clicked = Signal()

    def __init__(self, role: str = "accent", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.role = role
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(tokens.SPACE_3 + EDGE, tokens.SPACE_2, tokens.SPACE_2, tokens.SPACE_2)
        self.body.setSpacing(tokens.SPACE_1)
        tokens.on_theme(self, self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QPainterPath()
        box.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), tokens.RADIUS, tokens.RADIUS)
        painter.fillPath(box, color(theme().raised))
        painter.setClipPath(box)
        painter.fillRect(QRectF(0, 0, EDGE + 0.5, self.height()), color(getattr(theme(), self.role)))
        painter.setClipping(False)
        painter.setPen(QPen(color(theme().border), 1))
        painter.drawPath(box)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()


class ProblemCard(Card):
    """``fix_wanted(problem, fix)`` when one of the fixes is asked for."""

    fix_wanted = Signal(object, object)

    def __init__(self, problem: Problem, name: str = "") -> None:
        super().__init__("error" if problem.severity == "error" else "warning")
        self.problem = problem
        self.body.addLayout(self._headline(problem, name))
        if problem.expected or problem.got:
            self.body.addWidget(self._expectation(problem))
        if problem.fixes:
            self.body.addLayout(self._buttons(problem))

    def _headline(self, problem: Problem, name: str) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(tokens.SPACE_2)
        mark = QLabel()
        mark.setFixedSize(tokens.ICON_SMALL, tokens.ICON_SMALL)
        mark.setAccessibleName(tr("Error") if problem.severity == "error" else tr("Warning"))
        shape = "circle-alert" if problem.severity == "error" else "triangle-alert"
        tokens.on_theme(mark, lambda: mark.setPixmap(icons.pixmap(shape, getattr(theme(), self.role))))
        self.text = QLabel(problem_text(problem))
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.text, 1)
        return line

    def _expectation(self, problem: Problem) -> QLabel:
        words = []
        if problem.expected:
            words.append(tr("expected {expected}", expected=tr_declared(problem.expected)))
        if problem.got:
            words.append(tr("got {got}", got=tr_declared(problem.got)))
        label = QLabel(", ".join(words))
        label.setProperty("role", "caption")
        label.setWordWrap(True)
        label.setContentsMargins(tokens.ICON_SMALL + tokens.SPACE_2, 0, 0, 0)
        return label

    def _buttons(self, problem: Problem) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setContentsMargins(tokens.ICON_SMALL + tokens.SPACE_2, tokens.SPACE_1, 0, 0)
        line.setSpacing(tokens.SPACE_1)
        for k, fix in enumerate(problem.fixes):
            button = QPushButton(tr_declared(fix.label))
            button.setProperty("primary", k == 0)
            button.clicked.connect(lambda _=False, f=fix: self.fix_wanted.emit(problem, f))
            line.addWidget(button)
        line.addStretch(1)
        return line
