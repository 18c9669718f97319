"""The program that the drawing is: PyTorch or Keras text that follows every edit, the selected layer's lines lit."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QMouseEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QTextEdit, QVBoxLayout, QWidget

from designer.document import DocState
from designer.inspector.words import problem_text
from designer.panels.python_colors import PythonColors
from designer.session.analyst import Analyst
from designer.session.background import Background
from designer.session.selection import Selection
from designer.session.store import Store
from engine.files.marked_text import MarkedText, marked_text
from engine.graph import Project
from engine.plan import PlanError
from widgets import icons, tokens
from widgets.fields.segmented import Segmented
from widgets.i18n import language_changed, tr

SETTLE_MS = 120


class CodeView(QPlainTextEdit):
    """Text to read and copy. A click on a line is told to whoever asked."""

    def __init__(self, clicked: object) -> None:
        super().__init__()
        self._clicked = clicked
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click, not a selection of text."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self._clicked(self.cursorForPosition(event.position().toPoint()).blockNumber())  # type: ignore[operator]


class CodePanel(QWidget):
    """Follows the graph while it can be seen. A click on a line selects the layer that wrote it."""

    def __init__(self, store: Store, selection: Selection, analyst: Analyst) -> None:
        super().__init__()
        self.store, self.selection, self.analyst = store, selection, analyst
        self.shown = MarkedText("")
        self._of: tuple[str, Project] | None = None
        self._in_front = True
        self.kind = Segmented((("pytorch", "PyTorch"), ("keras", "Keras")))
        self.copy = QPushButton()
        icons.bind_icon(self.copy, "copy", "text", tokens.ICON_SMALL)
        self.view, self.sentence = CodeView(self._line_clicked), QLabel()
        self.colors = PythonColors(self.view.document())
        self.sentence.setWordWrap(True)
        self.sentence.setProperty("role", "secondary")
        self.sentence.hide()
        self._build()
        self._writing = Background(self)
        self._writing.done.connect(self._show)
        self._writing.failed.connect(self._explain)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._write)
        self.kind.value_changed.connect(lambda _: self._write())
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.shown.text))
        store.changed.connect(self._follow)
        selection.changed.connect(self._light)
        tokens.on_theme(self, self._restyle)
        language_changed.connect(self._retranslate)
        self._retranslate()
        self._write()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.kind)
        head.addStretch(1)
        head.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, 0)
        column.setSpacing(tokens.SPACE_1)
        column.addLayout(head)
        column.addWidget(self.sentence)
        column.addWidget(self.view, 1)

    def _retranslate(self) -> None:
        self.copy.setText(tr("Copy"))
        self.view.setAccessibleName(tr("Program text of the network"))

    def _restyle(self) -> None:
        self.view.setFont(tokens.mono_font("caption"))
        self.view.setStyleSheet(f"QPlainTextEdit {{ background: {tokens.theme().sunken}; }}")
        self.colors.restyle()
        self._light()

    # ------------------------------------------------------------------ following

    @property
    def in_front(self) -> bool:
        """Whether it can be seen; kept by the dock, which knows of tabs."""
        return self._in_front

    @in_front.setter
    def in_front(self, shown: bool) -> None:
        self._in_front = shown
        if shown:
            self._settle.start()

    def _follow(self, old: DocState, new: DocState) -> None:
        if old.graph is not new.graph or old.training is not new.training or old.title != new.title:
            self._settle.start()

    def _write(self) -> None:
        """The text in a thread of its own; a newer request makes this one count for nothing."""
        kind, state = str(self.kind.value()), self.store.state
        if not self._in_front or (self._of is not None and self._of[0] == kind and self._same(state)):
            return
        if not state.graph.nodes:
            self._tell(tr("The program of the network stands here as soon as there is one."))
            return
        project = state.project()
        self._of = (kind, project)
        self._writing.start(lambda: marked_text(kind, project))

    def _same(self, state: DocState) -> bool:
        assert self._of is not None
        known = self._of[1]
        return known.graph is state.graph and known.training is state.training and known.title == state.title

    def _show(self, text: MarkedText) -> None:
        if text.text != self.shown.text:
            across, down = self.view.horizontalScrollBar().value(), self.view.verticalScrollBar().value()
            if not self.shown.text and text.lines:  # the first time: the network, below imports and weights
                down = max(min(min(own) for own in text.lines.values()) - 5, 0)
            self.view.setPlainText(text.text)
            self.view.horizontalScrollBar().setValue(across)
            self.view.verticalScrollBar().setValue(down)
        self.shown = text
        self.sentence.hide()
        self.view.setEnabled(True)
        self.copy.setEnabled(True)
        self._light()

    def _explain(self, error: Exception) -> None:
        if isinstance(error, PlanError) and error.problems:
            self._tell(tr("Not while there is an error: {problem}", problem=problem_text(error.problems[0])))
        else:
            self._tell(str(error))

    def _tell(self, sentence: str) -> None:
        """Why there is no text now; the last one stays, pale."""
        self._of = None
        self.sentence.setText(sentence)
        self.sentence.show()
        self.view.setEnabled(False)
        self.copy.setEnabled(False)

    # ------------------------------------------------------------------ lines and layers

    def _light(self) -> None:
        """The lines of what is selected; the first one is brought into sight."""
        lit = sorted({k for n in self.selection.nodes for k in self.shown.lines.get(n, ())})
        marks = []
        for line in lit:
            mark = QTextEdit.ExtraSelection()
            mark.format.setBackground(tokens.color(tokens.theme().accent, 0.22))  # type: ignore[attr-defined]
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)  # type: ignore[attr-defined]
            mark.cursor = self._at(line)  # type: ignore[attr-defined]
            marks.append(mark)
        self.view.setExtraSelections(marks)
        if lit and not any(self._visible(line) for line in lit):
            self.view.setTextCursor(self._at(lit[0]))
            self.view.centerCursor()

    def _at(self, line: int) -> QTextCursor:
        return QTextCursor(self.view.document().findBlockByNumber(line))

    def _visible(self, line: int) -> bool:
        return bool(self.view.viewport().rect().contains(self.view.cursorRect(self._at(line)).center()))

    def _line_clicked(self, line: int) -> None:
        node = self.shown.node_at(line)
        if node is not None and node in self.store.state.graph.nodes:
            self.selection.show((node,))
