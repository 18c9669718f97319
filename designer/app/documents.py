"""One open document: the store and what follows it, its file, opening and saving.

The window asks this object for everything that belongs to a document, so that several of them (tabs) need no more than
several of these.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QIODevice, QObject, QSaveFile, Signal

from designer.document import DocState
from designer.document.geometry import Sizes
from designer.document.runs import RunRecord, run_arrays, runs_of, with_runs
from designer.document.verbs.arrange import place_missing
from designer.session.analyst import Analyst
from designer.session.background import Background
from designer.session.bridge import Bridge
from designer.session.carrying import fitting_weights, past_of
from designer.session.data_loader import DataLoader
from designer.session.examinations import Examinations
from designer.session.foresight import Foresight
from designer.session.run_book import RunBook
from designer.session.selection import Selection
from designer.session.store import Store
from designer.session.trial import Trial
from engine.training import ResumeState
from widgets.i18n import tr, tr_error

SUFFIX = ".gradloom"


def with_suffix(path: Path) -> Path:
    """The path, as an archive where no suffix says otherwise."""
    return path if path.suffix.lower() in (".json", SUFFIX) else path.with_name(path.name + SUFFIX)


def write_safely(path: Path, pieces: list[bytes | memoryview]) -> str:
    """Writes by QSaveFile: the old file or the new one, always whole. Why it failed, "" when it did not."""
    file = QSaveFile(str(path))
    if not file.open(QIODevice.OpenModeFlag.WriteOnly):
        return file.errorString()
    for piece in pieces:
        if file.write(bytes(piece)) < 0:
            file.cancelWriting()
            return file.errorString()
    return "" if file.commit() else file.errorString()


class Document(QObject):
    """A project being edited and trained. ``path`` is None until it was saved; ``sample`` marks one that has no file
    of its own although it came from one."""

    #: the path or the modified mark changed
    renamed = Signal()
    opened = Signal()
    saved = Signal(str)
    #: (number of weights, ids of layers left out) after a network that was edited since its training was saved
    weights_kept = Signal(int, object)
    #: (path, sentence)
    failed = Signal(str, str)
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = Store(parent=self)
        self.selection = Selection(self.store, self)
        self.analyst = Analyst(self.store, self)
        self.loader = DataLoader(self.store, self)
        self.bridge = Bridge(self.store, self.loader, self)
        self.foresight = Foresight(self.analyst, self.loader, self)
        self.examinations = Examinations(self.bridge, self)
        self.trial = Trial(self.loader, self)
        self.runs = RunBook(self.bridge, self)
        self.runs.changed.connect(self._runs_changed)
        self.path: Path | None = None
        #: the file that it was read from, also of a copy
        self.origin: Path | None = None
        self.sample = False
        #: how large the cards of a state are, for a file that says nothing of where they stand
        self.measure: Callable[[DocState], Sizes | None] = lambda state: None
        self._name = ""
        self._opening: tuple[Path, bool] | None = None
        self._showing = False
        self._job = Background(self)
        self._job.done.connect(self._opened)
        self._job.failed.connect(self._open_failed)
        self._job.busy_changed.connect(self.busy_changed)
        self.store.modified_changed.connect(lambda _: self.renamed.emit())

    @property
    def name(self) -> str:
        """File name without suffix, or the title of a new document."""
        if self.path is not None:
            return self.path.name
        return self._name or self.store.state.title or tr("untitled")

    @property
    def empty(self) -> bool:
        """Nothing drawn and nothing to lose."""
        untouched = not self.store.state.graph.nodes and not self.store.modified and self.path is None
        return untouched and self.bridge.session is None and not self.store.undo_stack.count()

    def new(self, state: DocState | None = None, name: str = "", saved: bool = True) -> None:
        """Another document without a file."""
        self.path, self.origin, self.sample, self._name = None, None, False, name
        self.loader.folder = None
        self._show(state if state is not None else DocState(), None, saved)

    def open(self, path: Path, sample: bool = False) -> None:
        """Reads a file in the background; ``opened`` or ``failed`` tells. A sample is opened as a copy without a file.

        Nothing changes until the whole file was found to be good.
        """
        self._opening = (path, sample)

        def read() -> Any:
            from engine.files.project_file import read as read_file

            file = read_file(path)
            return DocState.of(file.project), file.resume, file.weights, runs_of(file.project, file.runs)

        self._job.start(read)

    def cancel_open(self) -> None:
        """The file that is being read is not opened."""
        self._job.cancel()

    def _opened(self, answer: tuple[DocState, ResumeState | None, Any, tuple[RunRecord, ...]]) -> None:
        assert self._opening is not None
        path, sample = self._opening
        state, resume, weights, runs = answer
        self.path, self.sample, self._name = (None if sample else path), sample, path.stem
        self.origin = path.resolve()
        self.loader.folder = path.parent
        sizes = self.measure(state) if any(n not in state.positions for n in state.graph.nodes) else None
        self._show(place_missing(state, sizes), resume, True, weights, runs)

    def _show(self, state: DocState, resume: ResumeState | None, saved: bool, weights: Any = None,
              runs: tuple[RunRecord, ...] = ()) -> None:  # fmt: skip
        """Another document in place of this one."""
        self.selection.clear()
        # The old training must not judge the new document: it is ended before the store tells of it.
        self.bridge.resume_from(None)
        self.trial.cancel()
        self._showing = True
        self.runs.open(runs)
        self._showing = False
        self.store.open(state, saved)
        self.loader.reload()
        if resume is not None or weights:
            self.bridge.resume_from(resume, weights, past_of(runs, resume))
        self.opened.emit()
        self.renamed.emit()

    def _runs_changed(self) -> None:
        """A file on the disk lacks the newest run; a document that never had one is not worth a question."""
        session = self.bridge.session
        resume = session.resume if session is not None else None
        # A file that was saved while its training ran holds all of it, only the record is written down now.
        held = session is not None and resume is not None and session.status.step == resume.scalars["step"]
        if self.path is not None and not self._showing and not held:
            self.store.undo_stack.resetClean()

    def _open_failed(self, error: Exception) -> None:
        path = self._opening[0] if self._opening else Path()
        self.failed.emit(str(path), tr_error(error))

    def save(self, path: Path, done: Callable[[bool], None] = lambda fine: None) -> None:
        """Writes the document as it is now, with weights and resume state where the file holds them and there are any:
        those of the training, or those that the opened file held while nothing has gone on from them yet.

        ``done(fine)`` once it is on the disk, or failed.
        """
        path = with_suffix(path)
        state = self.store.state
        bridge, session = self.bridge, self.bridge.session
        if path.suffix.lower() != SUFFIX:
            done(self._write(path, state, None))
        elif session is not None and session.alive and session.columns is not None and not bridge.stale:
            bridge.when(
                session.resume_state(),
                lambda resume: done(self._write(path, state, resume)),
                lambda: done(self._write(path, state, None)),
            )
        elif session is not None and session.alive and session.columns is not None:
            bridge.when(
                session.weights(),
                lambda weights: done(self._write(path, state, None, weights)),
                lambda: done(self._write(path, state, None)),
            )
        else:
            edited = _weights(bridge.resume) if bridge.stored is None else None
            done(self._write(path, state, bridge.stored, edited))

    def _write(self, path: Path, state: DocState, resume: ResumeState | None, edited: Any = None) -> bool:
        """``edited``: weights of a network that was drawn otherwise when it was trained; those that fit are stored."""
        from engine.files.errors import FormatError
        from engine.files.project_file import parts

        archive, runs = path.suffix.lower() == SUFFIX, self.runs.runs
        weights, dropped = (_weights(resume), ()) if not edited else fitting_weights(state.graph, edited)
        try:
            whole = with_runs(state.project(), runs, rows=not archive)
            pieces = parts(path, whole, weights, resume, run_arrays(runs) if archive else None)
            reason = write_safely(path, pieces)
        except FormatError as error:
            reason = tr_error(error)
        if reason:
            self.failed.emit(str(path), reason)
            return False
        self.path, self.origin, self.sample = path, path.resolve(), False
        if path.parent != self.loader.folder:
            self.loader.folder = path.parent
        if self.store.state is state:
            self.store.mark_saved()
        self.saved.emit(str(path))
        if edited:
            self.weights_kept.emit(len(weights or {}), dropped)
        self.renamed.emit()
        return True

    def leave(self) -> list[Any]:
        """The document is closed: everything is told to end and nothing is waited for; the sessions that still are."""
        self._job.cancel()
        self.loader.job.cancel()
        self.foresight.job.cancel()
        return [*self.trial.leave(), *self.bridge.leave()]

    def shut_down(self) -> bool:
        """Ends the training and waits for it."""
        self._job.cancel()
        self.loader.job.cancel()
        self.foresight.job.cancel()
        tried = self.trial.shut_down()
        return self.bridge.shut_down() and tried


def _weights(resume: ResumeState | None) -> dict[tuple[str, str], Any] | None:
    if resume is None:
        return None
    found = {}
    for key, value in resume.arrays.items():
        kind, *rest = key.split("|")
        if kind == "weight":
            found[rest[0], rest[1]] = value
    return found
