"""Autosave of each undo step into a recovery file of its own, and the offer of what a crash left.

At most two seconds of editing are lost: a step is written two seconds after the first one that is not, and at once
when nothing follows for half a second. The bytes are made and written in a thread; never over the user's file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths, QTimer

from designer.app.notice import Notice
from designer.document import DocState
from widgets.i18n import tr, tr_error

if TYPE_CHECKING:
    from designer.app.documents import Document
    from designer.app.main_window import MainWindow
    from engine.files.journal import Journal, Orphan

QUIET_MS, LATEST_MS = 500, 1500


def recovery_folder() -> Path:
    """Where recovery files lie."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    return Path(place) / "recovery"


class Recovery(QObject):
    """Keeps the journal of one document. ``say`` gets a sentence when the disk refuses."""

    def __init__(self, document: Document, folder: Path, say: Callable[[str], None] = lambda text: None) -> None:
        super().__init__(document)
        self.document, self.folder, self.say = document, folder, say
        self._journal: Journal | None = None
        self._due: DocState | None = None
        self._writer: threading.Thread | None = None
        self._refusals: list[str] = []
        self._quiet, self._latest = self._timer(QUIET_MS), self._timer(LATEST_MS)
        document.store.stepped.connect(self._stepped)
        document.opened.connect(self._opened)
        document.saved.connect(self._saved)

    def _timer(self, pause: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(pause)
        timer.timeout.connect(self.write)
        return timer

    def _stepped(self, state: DocState) -> None:
        self._due = state
        self._quiet.start()
        if not self._latest.isActive():
            self._latest.start()

    def write(self) -> None:
        """Writes what is due, in a thread; a write that is still under way is waited for by the next tick."""
        if self._due is None:
            return
        if self._writer is not None and self._writer.is_alive():
            self._latest.start()
            return
        self._tell_refusals()
        state, self._due = self._due, None
        self._quiet.stop()
        self._latest.stop()
        if not self.document.store.modified:
            self.clear()
            return
        self._writer = threading.Thread(target=self._work, args=(state,), name="gradloom-recovery", daemon=True)
        self._writer.start()

    def _work(self, state: DocState) -> None:
        from engine.files.errors import FormatError
        from engine.files.journal import Journal

        try:
            if self._journal is None:
                self._journal = Journal(self.folder, self.document.path)
            self._journal.write(state.project(), durable=False)
        except (FormatError, OSError) as error:
            self._refusals.append(tr_error(error))

    def _tell_refusals(self) -> None:
        while self._refusals:
            self.say(tr("Autosave failed: {why}", why=self._refusals.pop()))

    def wait(self) -> None:
        """Until the write under way is through."""
        if self._writer is not None:
            self._writer.join()

    def _opened(self) -> None:
        self._due = None
        self.close()
        if self.document.store.modified:
            self._stepped(self.document.store.state)

    def _saved(self, path: str) -> None:
        self.clear()
        if self._journal is not None:
            self._journal.moved(path)

    def clear(self) -> None:
        """Nothing is unsaved."""
        self.wait()
        self._due = None if not self.document.store.modified else self._due
        if self._journal is not None:
            self._journal.clear()

    def close(self) -> None:
        """The document is closed in good order."""
        self._quiet.stop()
        self._latest.stop()
        self.wait()
        if self._journal is not None:
            self._journal.close()
            self._journal = None


def find_orphans(folder: Path) -> Sequence[Orphan]:
    """What a crash left, newest first."""
    from engine.files.journal import orphans

    return orphans(folder)[0] if folder.is_dir() else []


def offer(window: MainWindow, found: Sequence[Any]) -> None:
    """A notice with the newest recovered document: open it, or throw it away."""
    if not found:
        return
    orphan = found[0]
    name = Path(orphan.original).name if orphan.original else orphan.project.title or tr("untitled")
    when = datetime.fromtimestamp(orphan.written).strftime("%Y-%m-%d %H:%M:%S")

    def recover() -> None:
        window.notice.clear("recovery")
        _open(window, orphan)
        offer(window, found[1:])

    def discard() -> None:
        window.notice.clear("recovery")
        orphan.discard()
        offer(window, found[1:])

    text = tr("Gradloom did not end properly. Unsaved changes to “{name}” of {when} were kept.", name=name, when=when)
    window.notice.show_notice(Notice("recovery", text, "warning", ((tr("Recover"), recover), (tr("Discard"), discard))))


def _open(window: MainWindow, orphan: Any) -> None:
    document = window.desks.free().document
    document.new(DocState.of(orphan.project), saved=False)
    if orphan.original:
        document.path = document.origin = Path(orphan.original)
        document.loader.folder = document.path.parent
        document.loader.reload()
        document.renamed.emit()
    window.show_canvas()
    document_recovery = window.recovery
    if document_recovery is not None:
        # Written anew at once, so that the old file may go without a moment when nothing is stored.
        document_recovery.write()
        document_recovery.wait()
    orphan.discard()
