"""Past trainings: a table, the losses of those that are ticked laid over each other, their settings, and one's log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QLabel,
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.document.event_files import event_file
from designer.document.runs import RunRecord, differing, jsonl, restore_settings, table_rows
from designer.panels.run_details import LogTable, SettingsTable
from designer.session.overlay import run_hue, run_name
from designer.session.run_book import RunBook
from designer.session.store import Store
from widgets import tokens
from widgets.curve import CurvePlot, Line
from widgets.export import csv_text
from widgets.fields import Segmented, Toggle
from widgets.flow_layout import FlowLayout
from widgets.i18n import language_changed, tr

#: from this width on table and curves stand side by side
WIDE = 640
NUMBER, SORT = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
#: place of the note among the columns; it and the run's name can be typed into
NOTE = 10


class Row(QTreeWidgetItem):
    """Sorts by numbers where a column has numbers."""

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        column = max(self.treeWidget().sortColumn(), 0)
        a, b = (item.data(column, SORT) for item in (self, other))
        if isinstance(a, float) and isinstance(b, float):
            return a < b or (a == a and b != b)  # what was not measured stands last
        return self.text(column).casefold() < other.text(column).casefold()


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
        self.everywhere, self.view = Toggle(""), Segmented(self._views(), "losses")
        self.settings, self.log = SettingsTable(), LogTable()
        self._build()
        self.table.itemChanged.connect(self._edited)
        self.table.currentItemChanged.connect(lambda *_: self._chosen_row())
        self.everywhere.value_changed.connect(lambda _: self._overlay())
        self.view.value_changed.connect(lambda _: self._draw())
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
            lambda item, column: self.table.editItem(item, column) if column in (0, NOTE) else None
        )
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        menu = QMenu(self.export)
        menu.addAction("CSV...", lambda: self._ask("csv"))
        menu.addAction("JSONL...", lambda: self._ask("jsonl"))
        menu.addAction("TensorBoard...", self._ask_folder)
        self.export.setMenu(menu)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "secondary")
        row = FlowLayout()
        row.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, tokens.SPACE_1)
        row.setSpacing(tokens.SPACE_1)
        self.empty.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_3, 0)
        for button in (self.view, self.everywhere, self.restore, self.remove, self.export):
            row.addWidget(button)
        parts = self.parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.table)
        self.pages = QStackedWidget()
        for page in (self.plot, self.settings, self.log):
            self.pages.addWidget(page)
        parts.addWidget(self.pages)
        self.table.setMinimumHeight(tokens.scaled(88))
        self.pages.setMinimumHeight(tokens.scaled(132))
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
        parts.setSizes([1, 2])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.empty)
        column.addLayout(row)
        column.addWidget(parts, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room for both."""
        super().resizeEvent(event)
        across = Qt.Orientation.Horizontal if self.width() > tokens.scaled(WIDE) else Qt.Orientation.Vertical
        if across != self.parts.orientation():
            self.parts.setOrientation(across)
            self.parts.setSizes([6000, 4000] if across == Qt.Orientation.Horizontal else [4000, 6000])

    def _retranslate(self) -> None:
        self.table.setHeaderLabels(
            [
                tr("Run"), tr("Loss"), tr("Validation"), tr("Epochs"), tr("Ended"), tr("Activations"),
                tr("Optimizer"), tr("Batch"), tr("Seed"), tr("Time"), tr("Note"),
            ]
        )  # fmt: skip
        self.restore.setText(tr("Restore"))
        self.restore.setToolTip(tr("Network, training and data as they were in the chosen run; one undo step"))
        self.remove.setText(tr("Forget"))
        self.view.show_labels(self._views())
        self.everywhere.setText(tr("In all plots"))
        self.everywhere.setToolTip(tr("Draws the ticked runs in every plot beside what trains now"))
        self.export.setText(tr("Export"))
        self.plot.show_title(tr("Runs"))
        self.plot.show_help(
            tr(
                "The loss of each ticked run after every epoch; dashed is validation. Runs are kept in the project's "
                "file; double-click a name or a note to write one."
            )
        )
        self.refresh()

    # ------------------------------------------------------------------ table and curves

    def refresh(self) -> None:
        """The book as it is."""
        runs = self.book.runs
        numbers = {r.number for r in runs}
        self.ticked = self.ticked & numbers if self._chosen else {r.number for r in runs[-2:]}
        self._show_rows(runs)
        self.empty.setVisible(not runs)
        self.empty.setText("" if runs else tr("No run yet. Each training is listed here once its first epoch is over."))
        self._offer()
        self._draw()
        self._overlay()

    def _show_rows(self, runs: Sequence[RunRecord]) -> None:
        """Rows stay the same objects: this is also called while one of them reports an edit, or is typed into."""
        self._filling = True
        self.table.setSortingEnabled(False)
        numbers = {r.number for r in runs}
        rows = {}
        for k in reversed(range(self.table.topLevelItemCount())):
            row = self.table.topLevelItem(k)
            number = row.data(0, NUMBER)
            if number in numbers:
                rows[number] = row
            else:
                self.table.takeTopLevelItem(k)
        for run in reversed(runs):
            row = rows.get(run.number) or self._new_row(run.number)
            for column, text in enumerate(_cells(run, self._setup_of(run))):
                if row.text(column) != text:
                    row.setText(column, text)
            for column, value in _sort_keys(run).items():
                row.setData(column, SORT, value)
            row.setCheckState(0, Qt.CheckState.Checked if run.number in self.ticked else Qt.CheckState.Unchecked)
            row.setForeground(0, tokens.color(run_hue(run.number)))
        self.table.setSortingEnabled(True)
        self._filling = False

    def _new_row(self, number: int) -> QTreeWidgetItem:
        row = Row([])
        row.setData(0, NUMBER, number)
        row.setFlags(row.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable)
        self.table.addTopLevelItem(row)
        return row

    def _setup_of(self, run: RunRecord) -> list[str]:
        """Read from the stored project once, not at every epoch's end."""
        known = self._words.get(run.number)
        if known is None or known[0] is not run.project:
            known = self._words[run.number] = (run.project, differing(run))
        return known[1]

    @staticmethod
    def _views() -> list[tuple[str, str]]:
        return [("losses", tr("losses")), ("settings", tr("settings")), ("log", tr("log"))]

    def _draw(self) -> None:
        page = str(self.view.value())
        self.pages.setCurrentIndex(("losses", "settings", "log").index(page))
        if page == "settings":
            self.settings.show_runs([r for r in self.book.runs if r.number in self.ticked])
        elif page == "log":
            self.log.show_run(self._current())
        else:
            self._draw_losses()

    def _chosen_row(self) -> None:
        self._offer()
        if not self._filling and self.view.value() == "log":
            self._draw()

    def _overlay(self) -> None:
        """Every plot shows the ticked runs, where that is asked for."""
        self.book.overlay(sorted(self.ticked) if self.everywhere.value() else ())

    def _draw_losses(self) -> None:
        lines: dict[str, Line] = {}
        for run in self.book.runs:
            if run.number in self.ticked:
                hue = run_hue(run.number)
                for curve, split in (("train_loss", "train"), ("validation_loss", "validation")):
                    values = run.curves.get(curve, ())
                    if any(math.isfinite(v) for v in values):
                        name = tr("{run}, {curve}", run=run_name(run), curve=_split_name(split))
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
            self.book.annotate(number, item.text(NOTE), tr("Note on run {number}", number=number))
        elif column == 0:
            self._ticked_or_named(item, number)

    def _ticked_or_named(self, item: QTreeWidgetItem, number: int) -> None:
        if (item.checkState(0) == Qt.CheckState.Checked) != (number in self.ticked):
            self._chosen = True
            self.ticked ^= {number}
            self._draw()
            self._overlay()
            return
        name = item.text(0).strip()
        text = tr("Rename run {number}", number=number)
        self.book.rename(number, "" if name == str(number) else name, text)

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
            self.book.remove((run.number,), tr("Forget run {number}", number=run.number))

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


    def export_events(self, folder: Path) -> list[Path]:
        """A folder for each ticked run (or all, where none is ticked) that TensorBoard reads."""
        chosen = [r for r in self.book.runs if r.number in self.ticked] or list(self.book.runs)
        written = []
        for run in chosen:
            name, data = event_file(run)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
            written.append(folder / name)
        return written

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Export"))
        if not folder:
            return
        try:
            self.export_events(Path(folder))
        except OSError as error:
            QMessageBox.warning(self, tr("Export"), tr("Could not write {path}: {why}", path=folder, why=error))


def _split_name(split: str) -> str:
    return tr("train") if split == "train" else tr("validation")


def _sort_keys(run: RunRecord) -> dict[int, float]:
    """Numbers by column."""
    found = {
        0: run.number, 1: run.final("train_loss"), 2: run.final("validation_loss"), 3: run.last_epoch, 9: run.seconds,
    }  # fmt: skip
    project = run.project.get("training")
    for column, name in ((7, "batch_size"), (8, "seed")):
        value = project.get(name, 0) if isinstance(project, dict) else 0
        found[column] = value if isinstance(value, int) else 0
    return {k: float(v) for k, v in found.items()}


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
        run.name or str(run.number),
        f"{run.final('train_loss'):.4g}",
        f"{held:.4g}" if math.isfinite(held) else "",
        f"{run.last_epoch:,}",
        ends.get(run.outcome, run.outcome),
        *setup,
        tr("{seconds:.1f} s", seconds=run.seconds),
        run.note,
    ]
