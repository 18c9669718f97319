"""New, open, save and close with the questions that belong to them. Nothing is lost without being asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QMessageBox

from designer.app.documents import SUFFIX, Document, with_suffix
from designer.app.notice import Notice
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PROJECT_SUFFIXES = (SUFFIX, ".json")
Answer = str
SLOW_MS = 400  # a file that takes longer than this is worth a word and a way out


def ask_save(window: MainWindow, name: str) -> Answer:
    """ "save", "discard" or "cancel"."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(tr("Unsaved changes"))
    box.setText(tr("Save the changes to “{name}”?", name=name))
    box.setInformativeText(tr("They are lost otherwise."))
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    chosen = buttons(box.exec())
    box.deleteLater()
    return {buttons.Save: "save", buttons.Discard: "discard"}.get(chosen, "cancel")


class FileFlow(QObject):
    """What the File menu does. Dialogs are asked through ``ask_*`` functions, so that tests can answer."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window, self.settings = window, window.settings
        self._reads: Document | None = None
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(SLOW_MS)
        self._slow.timeout.connect(self._say_reading)

    @property
    def document(self) -> Document:
        """The one on show."""
        return self.window.document

    def follow(self, document: Document) -> None:
        """Says what becomes of reading and writing it."""
        document.failed.connect(lambda path, reason: self._failed(document, path, reason))
        document.busy_changed.connect(lambda busy: self._reading(document, busy))
        document.saved.connect(self._saved)

    def unless_unsaved(self, then: Callable[[], object], document: Document) -> None:
        """``then()`` at once, after saving, or never: as the person says."""
        if not document.store.modified:
            then()
            return
        answer = ask_save(self.window, document.name)
        if answer == "discard":
            then()
        elif answer == "save":
            self.save(lambda fine: then() if fine else None)

    def new(self) -> None:
        """An empty document in a tab of its own, or the empty one that is there already."""
        self.window.desks.free().document.new()

    def open(self) -> None:
        """Asks for a file and opens it."""
        pattern = tr("Gradloom projects") + " (*.gradloom *.json)"
        path, _ = QFileDialog.getOpenFileName(self.window, tr("Open"), self.settings.folder, pattern)
        if path:
            self.open_path(Path(path))

    def open_path(self, path: Path, sample: bool = False) -> None:
        """Opens a project file; a data file goes to the dialog for own data."""
        if not sample and path.suffix.lower() not in PROJECT_SUFFIXES:
            self.window.offer_data(path)
            return
        path = Path(os.path.abspath(path))  # kept among the recent ones, which are opened from elsewhere
        if not sample:
            self.settings.remember(path)
        known = self.window.desks.with_file(path, sample)
        if known is None:
            self.window.desks.free().document.open(path, sample)
            return
        self.window.show_canvas()
        self.window.desks.show(known)

    def reopen(self) -> None:
        """The files of last time that are still there, each in its tab; that on show then is on show again."""
        paths = [Path(p) for p in self.settings.open_files]
        for path in dict.fromkeys((*paths[:-1], *paths[-1:])):
            if path.exists():
                self.open_path(path)
        if paths and paths[-1].exists():
            self.window.desks.prefer(paths[-1])

    def save(self, done: Callable[[bool], None] = lambda fine: None) -> None:
        """Saves where it was opened; asks for a place where there is none."""
        if self.document.path is None:
            self.save_as(done)
        else:
            self.document.save(self.document.path, done)

    def save_as(self, done: Callable[[bool], None] = lambda fine: None) -> None:
        """Asks for a place."""
        path = self.ask_place()
        if path is None:
            done(False)
            return
        self.document.save(path, done)

    def ask_place(self) -> Path | None:
        """Where to save."""
        name = self.document.name if self.document.path else self.document.name + SUFFIX
        archive, plain = tr("Project with weights") + " (*.gradloom)", tr("Drawing only") + " (*.json)"
        start = str(self.document.path or Path(self.settings.folder) / name)
        path, chosen = QFileDialog.getSaveFileName(self.window, tr("Save as"), start, f"{archive};;{plain}")
        if not path:
            return None
        given = Path(path)
        return given.with_name(given.name + ".json") if chosen == plain and not given.suffix else with_suffix(given)

    def choose_data(self) -> None:
        """Asks for a data file and shows what was found in it."""
        kinds = tr("Data") + " (*.csv *.tsv *.txt *.npz *.gz *-ubyte *.idx *)"
        path, _ = QFileDialog.getOpenFileName(self.window, tr("Use own data"), self.settings.folder, kinds)
        if path:
            self.window.offer_data(Path(path))

    def export(self, kind: str) -> None:
        """Asks for a place and exports the network or its picture."""
        suffix = {"pytorch": "py", "keras": "py"}.get(kind, kind)
        start = str(Path(self.settings.folder) / f"{Path(self.document.name).stem}.{suffix}")
        path, _ = QFileDialog.getSaveFileName(self.window, tr("Export"), start, f"{suffix.upper()} (*.{suffix})")
        if path:
            self.export_to(kind, Path(path))

    def export_to(self, kind: str, path: Path) -> None:
        """Exports; a refusal says why."""
        from designer.app.exports import export_network

        export_network(self.window, kind, path)

    def _reading(self, document: Document, busy: bool) -> None:
        if busy:
            self._reads = document
            self._slow.start()
        elif document is self._reads:
            self._reads = None
            self._slow.stop()
            self.window.notice.clear("reading")

    def _say_reading(self) -> None:
        document = self._reads
        if document is None:
            return
        cancel = ((tr("Cancel"), lambda: (document.cancel_open(), self.window.desks.given_up(document))),)
        self.window.notice.show_notice(Notice("reading", tr("Reading the file…"), buttons=cancel, weight=4))

    def _saved(self, path: str) -> None:
        self.settings.remember(Path(path))
        self.window.status.say(tr("Saved {path}", path=path))
        self.window.notice.clear("file")

    def _failed(self, document: Document, path: str, reason: str) -> None:
        self.settings.forget(path)
        self.window.desks.given_up(document)
        self.window.notice.show_notice(Notice("file", reason, "error", weight=3))
