"""The quick line: a chain of layers typed in one line, checked while it is typed; Enter draws it, Escape leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QVBoxLayout

from designer.canvas.layout import column_gap
from designer.document import DocState, verbs
from designer.document.chain_text import ChainRefusal, Link, parse_chain
from designer.document.ports import outputs_of, title_of
from designer.document.state import new_nodes
from engine.analysis import infer
from widgets import tokens
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

EXAMPLE = "conv 32 3 relu > pool 2 > flatten > dense 10 softmax"
_WIDTH = 620


class ChainLine(QFrame):
    """A child of the canvas. Goes on behind the current layer if that has an output."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.setObjectName("chain_line")
        self.field, self.answer = QLineEdit(self), QLabel(self)
        self.field.setPlaceholderText(EXAMPLE)
        self.field.setAccessibleName(tr("Chain of layers"))
        self.field.setClearButtonEnabled(True)
        self.answer.setWordWrap(True)
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        self.answer.setFont(tokens.font("caption"))
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_2, tokens.SPACE_3, tokens.SPACE_2)
        column.setSpacing(tokens.SPACE_1)
        column.addWidget(self.field)
        column.addWidget(self.answer)
        theme = tokens.theme()
        self.setStyleSheet(
            f"#chain_line {{ background: {theme.panel}; border: 1px solid {theme.outline};"
            f" border-radius: {tokens.RADIUS}px; }}"
        )
        self.after = self._source()
        self.field.textChanged.connect(self._check)
        self.field.installEventFilter(self)
        self._check("")
        self.show()
        self.raise_()
        self.field.setFocus()

    def _source(self) -> str | None:
        """The current layer, where a wire can begin there."""
        group = self.canvas.groups.output()
        if group is not None:
            return group.node
        current, nodes = self.canvas.selection.current, self.canvas.store.state.graph.nodes
        return current if current in nodes and outputs_of(nodes[current].type) else None

    def _place(self) -> None:
        width = min(tokens.scaled(_WIDTH), self.canvas.width() - 2 * tokens.SPACE_4)
        self.resize(width, self.sizeHint().height())
        self.resize(width, max(self.heightForWidth(width), self.minimumSizeHint().height()))
        self.move((self.canvas.width() - width) // 2, tokens.SPACE_4)

    def _say(self, text: str, tone: str) -> None:
        self.answer.setStyleSheet(f"color: {getattr(tokens.theme(), tone)};")
        self.answer.setText(text)
        self._place()

    def _check(self, text: str) -> None:
        """What would come out, or what is wrong."""
        if not text.strip():
            self._say(self._invitation(), "secondary")
            return
        try:
            links = parse_chain(text)
            after = self._grown(self.canvas.store.state, links)
        except ChainRefusal as refusal:
            self._say(_sentence(text, refusal), "warning")
            return
        except ValueError as refusal:
            self._say(self.canvas.words_of(refusal), "warning")
            return
        self._say(*self._outcome(links, after))

    def _invitation(self) -> str:
        if self.after is None:
            return tr("Type layers, “>” between them. They will stand on their own.")
        name = self.canvas.store.state.graph.nodes[self.after].name
        return tr("Type layers, “>” between them. They go on behind {name}.", name=name)

    def _outcome(self, links: tuple[Link, ...], after: DocState) -> tuple[str, str]:
        """The shape behind each layer, or the first problem that the new layers would have."""
        analysis = infer(after.graph, self.canvas.analyst.analysis)
        new = new_nodes(self.canvas.store.state, after)
        for problem in analysis.problems:
            if problem.node in new and problem.port != "" and analysis.graph.incoming.get(problem.node):
                return tr_declared(problem.template).format(**problem.values), "warning"
        told = []
        for node in new:
            shape = analysis.output(node)
            title = tr_declared(title_of(after.graph.nodes[node].type))
            told.append(f"{title} {shape.text()}" if shape is not None else title)
        line = "  →  ".join(told if len(told) < 7 else [*told[:3], "…", *told[-3:]])
        return (line if len(links) < 7 else tr("{count} layers", count=len(links)) + ":  " + line), "secondary"

    def _grown(self, state: DocState, links: tuple[Link, ...]) -> DocState:
        sizes = self.canvas.scene_.sizes(roomy=True)
        middle = None
        if self.after is None and not state.graph.nodes:
            from designer.document import Point

            middle = Point(0, 0)
        width = max(4 * (200 + column_gap(self.canvas.scene_)), 900)
        return verbs.add_chain(state, links, self.after, middle, sizes, width, self.canvas.store.within)

    def _take(self) -> None:
        """One undo step; what is wrong is marked instead."""
        text, canvas = self.field.text(), self.canvas
        try:
            links = parse_chain(text)
        except ChainRefusal as refusal:
            self.field.setSelection(refusal.start, max(refusal.end - refusal.start, 1))
            self._say(_sentence(text, refusal), "error")
            return
        before = canvas.store.state
        label = tr("Add {count} layers", count=len(links))
        if canvas.glide(label, self._grown, links):
            canvas.close_chain_line()
            canvas.selection.show(new_nodes(before, canvas.store.state)[-1:])
            canvas.motion.finish()
            if not canvas.visible_rect().contains(canvas.scene_.content(new_nodes(before, canvas.store.state))):
                canvas.frame_all()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter takes, Escape leaves."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.canvas.close_chain_line()
                return True
        return super().eventFilter(watched, event)


def _sentence(text: str, refusal: ChainRefusal) -> str:
    wrong = text[refusal.start : refusal.end].strip()
    return f"{refusal.reason}; {refusal.remedy}" + (f"  [{wrong}]" if wrong and wrong not in refusal.reason else "")
