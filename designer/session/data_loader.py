"""The document's data set, loaded in the background whenever the data choice changes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from designer.document import DocState
from designer.session.background import Background
from designer.session.store import Store
from engine.data.dataset import Dataset
from engine.graph import DataSetup
from widgets.i18n import tr_error

PAUSE_MS = 120


class DataLoader(QObject):
    """``dataset`` is that of ``setup``, None while it loads or after a failure, whose reason is ``problem``.

    ``folder``: where relative paths of the document count from.
    """

    changed = Signal()

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = store
        self.folder: Path | None = None
        self.dataset: Dataset | None = None
        self.setup: DataSetup | None = None
        self.problem = ""
        self.job = Background(self)
        self.job.done.connect(self._loaded)
        self.job.failed.connect(self._failed)
        # A dragged number makes many choices a second; only where it rests is worth loading.
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.load)
        store.changed.connect(self._follow)

    def _follow(self, old: DocState, new: DocState) -> None:
        if old.data is not new.data and new.data != self.setup:
            self._pause.start()

    def load(self) -> None:
        """Loads what the document names now, unless that is there already."""
        self._pause.stop()
        setup, folder = self.store.state.data, self.folder
        if setup == self.setup and (self.dataset is not None or self.job.busy):
            return
        self.setup, self.dataset, self.problem = setup, None, ""

        def work() -> Dataset:
            from engine.data.load import load_dataset

            return load_dataset(setup, folder)

        self.job.start(work)
        self.changed.emit()

    def reload(self) -> None:
        """Loads again although the choice is the same (the file changed, or the document moved)."""
        self.setup = None
        self.load()

    def _loaded(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        self.problem = tr_error(error)
        self.changed.emit()
