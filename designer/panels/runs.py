"""Past trainings: a table, the losses of those that are ticked laid over each other, and what can be done with one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.document.runs import RunRecord, differing, jsonl, restore_settings, table_rows
from designer.session.run_book import RunBook
from designer.session.store import Store
from widgets import tokens
from widgets.curve import CurvePlot, Line
from widgets.export import csv_text
from widgets.i18n import language_changed, tr
from widgets.tokens import theme

#: from this width on table and curves stand side by side
WIDE = 640
NUMBER = Qt.ItemDataRole.UserRole
#: place of the note among the columns, the only one that can be typed into
NOTE = 10


class RunsPanel(QWidget):
    """The newest two runs are ticked until a person chooses."""

    def __init__(self, store: Store, book: RunBook) -> None:
        super().__init__()
        self.store, self.book = store, book
        self.ticked: set[int] = set()
        self._words: dict[int, tuple[object, list[str]]] = {}
        self._chosen = False
        self._filling = False
        self.table, self.plot = QTreeWidget(), CurvePlot()
        self.empty = QLabel()
        self.restore, self.remove, self.export = QPushButton(), QPushButton(), QPushButton()
        self._build()
        self.table.itemChanged.connect(self._edited)
        self.table.currentItemChanged.connect(lambda *_: self._offer())
        self.restore.clicked.connect(self._restore)
        self.remove.clicked.connect(self._remove)
        book.changed.connect(self.refresh)
        language_changed.connect(self._retranslate)
        self._retranslate()

    def _build(self) -> None:
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.itemDoubleClicked.connect(
            lambda item, column: self.table.editItem(item, column) if column == NOTE else None
        )
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        menu = QMenu(self.export)
        menu.addAction("CSV...", lambda: self._ask("csv"))
        menu.addAction("JSONL...", lambda: self._ask("jsonl"))
        self.export.setMenu(menu)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "secondary")
        row = QHBoxLayout()
        row.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, tokens.SPACE_1)
        row.setSpacing(tokens.SPACE_1)
        row.addWidget(self.empty, 1)
        for button in (self.restore, self.remove, self.export):
            row.addWidget(button)
        parts = self.parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.table)
        parts.addWidget(self.plot)
        self.table.setMinimumHeight(tokens.scaled(64))
        self.plot.setMinimumHeight(tokens.scaled(132))
        parts.setSizes([1, 2])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(parts, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room for both."""
        super().resizeEvent(event)
        across = Qt.Orientation.Horizontal if self.width() > tokens.scaled(WIDE) else Qt.Orientation.Vertical
        if across != self.parts.orientation():
            self.parts.setOrientation(across)
            self.parts.setSizes([3, 2] if across == Qt.Orientation.Horizontal else [1, 2])

    def _retranslate(self) -> None:
        self.table.setHeaderLabels(
            [
                tr("Run"), tr("Loss"), tr("Validation"), tr("Epochs"), tr("Ended"), tr("Activations"),
                tr("Optimizer"), tr("Batch"), tr("Seed"), tr("Time"), tr("Note"),
            ]
        )  # fmt: skip
        self.restore.setText(tr("Restore settings"))
        self.restore.setToolTip(tr("Network, training and data as they were in the chosen run; one undo step"))
        self.remove.setText(tr("Forget"))
        self.export.setText(tr("Export"))
        self.plot.show_title(tr("Runs"))
        self.plot.show_help(
            tr(
                "The loss of each ticked run after every epoch; dashed is validation. Runs are kept in the project's "
                "file; double-click a note to write one."
            )
        )
        self.refresh()

    # ------------------------------------------------------------------ table and curves

    def refresh(self) -> None:
        """The book as it is."""
        runs = self.book.runs
        numbers = {r.number for r in runs}
        self.ticked = self.ticked & numbers if self._chosen else {r.number for r in runs[-2:]}
        item = self.table.currentItem()
        current = item.data(0, NUMBER) if item is not None else None
        self._filling = True
        self.table.clear()
        for run in reversed(runs):
            row = QTreeWidgetItem(_cells(run, self._setup_of(run)))
            row.setData(0, NUMBER, run.number)
            row.setFlags(row.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable)
            row.setCheckState(0, Qt.CheckState.Checked if run.number in self.ticked else Qt.CheckState.Unchecked)
            row.setForeground(0, tokens.color(theme().class_color(run.number - 1)))
            self.table.addTopLevelItem(row)
            if run.number == current:
                self.table.setCurrentItem(row)
        self._filling = False
        self.empty.setText("" if runs else tr("No run yet. Each training is listed here once its first epoch is over."))
        self._offer()
        self._draw()

    def _setup_of(self, run: RunRecord) -> list[str]:
        """Read from the stored project once, not at every epoch's end."""
        known = self._words.get(run.number)
        if known is None or known[0] is not run.project:
            known = self._words[run.number] = (run.project, differing(run))
        return known[1]

    def _draw(self) -> None:
        lines: dict[str, Line] = {}
        for run in self.book.runs:
            if run.number in self.ticked:
                hue = theme().class_color(run.number - 1)
                for curve, split in (("train_loss", "train"), ("validation_loss", "validation")):
                    values = run.curves.get(curve, ())
                    if any(math.isfinite(v) for v in values):
                        name = tr("run {number}, {split}", number=run.number, split=_split_name(split))
                        lines[name] = Line(run.epochs, values, split=split, hue=hue)  # type: ignore[arg-type]
        if lines:
            self.plot.show_curves(lines, x_label=tr("epoch"), whole=True)
        else:
            self.plot.show_empty(tr("Tick runs in the table: their losses are drawn here over each other."))

    def _edited(self, item: QTreeWidgetItem, column: int) -> None:
        if self._filling:
            return
        number = item.data(0, NUMBER)
        if column == NOTE:
            self.book.annotate(number, item.text(NOTE))
        elif column == 0:
            self._chosen = True
            self.ticked ^= {number}
            self._draw()

    # ------------------------------------------------------------------ what can be done

    def _current(self) -> RunRecord | None:
        item = self.table.currentItem()
        number = item.data(0, NUMBER) if item is not None else None
        return next((r for r in self.book.runs if r.number == number), None)

    def _offer(self) -> None:
        for button in (self.restore, self.remove):
            button.setEnabled(self._current() is not None)
        self.export.setEnabled(bool(self.book.runs))

    def _restore(self) -> None:
        run = self._current()
        if run is not None:
            self.store.attempt(tr("Restore the settings of run {number}", number=run.number), restore_settings, run)

    def _remove(self) -> None:
        run = self._current()
        if run is not None:
            self.book.remove((run.number,))

    def exported(self, kind: str) -> str:
        """All runs as CSV (a row for each epoch) or JSONL (a line for each run)."""
        return csv_text(table_rows(self.book.runs)) if kind == "csv" else jsonl(self.book.runs)

    def _ask(self, kind: str) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Export"), f"runs.{kind}", f"{kind.upper()} (*.{kind})")
        if not path:
            return
        try:
            Path(path).write_text(self.exported(kind), encoding="utf-8")
        except OSError as error:
            QMessageBox.warning(self, tr("Export"), tr("Could not write {path}: {why}", path=path, why=error))


def _split_name(split: str) -> str:
    return tr("train") if split == "train" else tr("validation")


def _cells(run: RunRecord, setup: Sequence[str]) -> Sequence[str]:
    ends = {
        "finished": tr("finished"),
        "paused": tr("paused"),
        "stopped": tr("stopped"),
        "diverged": tr("diverged"),
        "failed": tr("failed"),
    }
    held = run.final("validation_loss")
    return [
        str(run.number),
        f"{run.final('train_loss'):.4g}",
        f"{held:.4g}" if math.isfinite(held) else "",
        f"{run.last_epoch:,}",
        ends.get(run.outcome, run.outcome),
        *setup,
        tr("{seconds:.1f} s", seconds=run.seconds),
        run.note,
    ]
