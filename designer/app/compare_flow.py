"""What the panel Compare compares with: another tab, or a file that is read for it; and the marks on the canvas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from designer.canvas.compare_marks import CompareMarks
from designer.document import DocState
from designer.document.compare import compare
from designer.document.verbs import place_missing
from designer.panels.compare import ComparePanel
from designer.session.background import Background
from widgets.i18n import tr, tr_error

if TYPE_CHECKING:
    from designer.app.desk import Desk
    from designer.app.documents import Document
    from designer.app.main_window import MainWindow

PAUSE_MS = 60
FILE, TAB = "file", "tab"


class CompareFlow(QObject):
    """One for each panel. The other tab is only looked at: it can be edited and closed meanwhile."""

    def __init__(self, window: MainWindow, desk: Desk, panel: ComparePanel) -> None:
        super().__init__(panel)
        self.window, self.desk, self.panel = window, desk, panel
        self.marks = CompareMarks(desk.canvas)
        self._other: ref[Document] | None = None
        self._file: tuple[str, DocState] | None = None
        self._reason = ""
        self._reading = Path()
        self._job = Background(self)
        self._job.done.connect(self._read)
        self._job.failed.connect(self._unread)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.refresh)
        desk.document.store.changed.connect(self._pause.start)
        panel.chosen.connect(self.choose)
        panel.row_chosen.connect(self.show_row)
        panel.seen.connect(lambda _: self._pause.start())
        window.desks.changed.connect(self._pause.start)
        self.refresh()

    # ------------------------------------------------------------------ with what

    def _tabs(self) -> dict[str, Document]:
        others = [d.document for d in self.window.desks.all if d is not self.desk]
        return {f"{TAB} {id(d)}": d for d in others}

    def choose(self, key: str) -> None:
        """A tab, a file to be asked for, or nothing."""
        if key == FILE:
            pattern = tr("Gradloom projects") + " (*.gradloom *.json)"
            folder = self.window.settings.folder
            path, _ = QFileDialog.getOpenFileName(self.window, tr("Compare with"), folder, pattern)
            if path:
                self.choose_file(Path(path))
            else:
                self.refresh()
            return
        document = self._tabs().get(key)
        self._reason = ""
        if not key.startswith(FILE):
            self._file = None
        self._other = ref(document) if document is not None else None
        if document is not None:
            document.store.changed.connect(self._pause.start)
        self.refresh()

    def choose_file(self, path: Path) -> None:
        """Reads it in the background."""
        self._reading, self._reason = path, tr("Reading the file…")

        def work() -> DocState:
            from engine.files.project_file import read

            return place_missing(DocState.of(read(path).project))

        self._other, self._file = None, None
        self._job.start(work)
        self.refresh()

    def _read(self, state: DocState) -> None:
        self._file, self._reason = (self._reading.name, state), ""
        self.refresh()

    def _unread(self, error: Exception) -> None:
        self._file, self._reason = None, tr_error(error)
        self.refresh()

    # ------------------------------------------------------------------ what is found

    def _before(self) -> tuple[str, DocState | None]:
        """Key and state of the other one."""
        if self._file is not None:
            return f"{FILE} {self._file[0]}", self._file[1]
        document = self._other() if self._other is not None else None
        for key, found in self._tabs().items():
            if found is document:
                return key, found.store.state
        return "", None

    def refresh(self) -> None:
        """The comparison anew, while anybody looks."""
        if self.desk.gone:
            return
        if not self.panel.in_front:
            self.marks.show_found(None, None)
            return
        key, before = self._before()
        options = [(k, d.name) for k, d in self._tabs().items()]
        if self._file is not None:
            options.append((key, self._file[0]))
        self.panel.show_choices([*options, (FILE, tr("File…"))], key)
        after = self.desk.document.store.state
        found = compare(before, after) if before is not None else None
        self.panel.show_found(found, before, after, self._reason)
        self.marks.show_found(found, before)

    def show_row(self, side: str, node: str) -> None:
        """A layer of this drawing is selected and shown; of one that is missing the place where it stood."""
        canvas: Any = self.desk.canvas
        if side == "after" and node in self.desk.document.store.state.graph.nodes:
            canvas.reveal(node)
        elif node in self.marks.ghosts:
            self.desk.document.selection.clear()
            canvas.centre_on(self.marks.ghost_box(node).center())
