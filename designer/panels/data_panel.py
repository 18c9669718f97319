"""The data on show: a strip of samples or a table's head, how many of which class, where they come from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from designer.session.data_loader import DataLoader
from engine.data.dataset import SPLITS, Dataset, Preview
from widgets import tokens
from widgets.i18n import language_changed, tr
from widgets.image_strip import ImageStrip
from widgets.tokens import color, theme

SHOWN = 24


class ClassCounts(QWidget):
    """One bar per class with its count."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        tokens.on_theme(self, self.update)

    def show_counts(self, counts: dict[str, int]) -> None:
        """Samples by class name."""
        self.counts = counts
        self.setFixedHeight(min(len(counts), 30) * tokens.scaled(20) + 4)
        self.setAccessibleName(", ".join(f"{k}: {n}" for k, n in counts.items()))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(tokens.font("caption"))
        height, most = tokens.scaled(20), max(self.counts.values(), default=1) or 1
        width = min(max((painter.fontMetrics().horizontalAdvance(n) for n in self.counts), default=40) + 8, 120)
        for k, (name, count) in enumerate(list(self.counts.items())[:30]):
            top = k * height
            painter.setPen(color(theme().secondary))
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, width)
            painter.drawText(0, top, width, height, Qt.AlignmentFlag.AlignVCenter, shown)
            room = max(self.width() - width - 56, 10)
            painter.fillRect(width, top + 5, round(room * count / most), height - 10, color(theme().class_color(k)))
            painter.setPen(color(theme().text))
            painter.drawText(width + room + 6, top, 50, height, Qt.AlignmentFlag.AlignVCenter, f"{count:,}")


class SampleTable(QTableView):
    """A table's head as text, the target first."""

    def __init__(self) -> None:
        super().__init__()
        self.model_ = QStandardItemModel(self)
        self.setModel(self.model_)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.verticalHeader().setDefaultSectionSize(tokens.scaled(22))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def show_preview(self, preview: Preview, target: str) -> None:
        """Rows of text."""
        self.model_.clear()
        # The target stands first: in a wide table nobody would scroll to it.
        self.model_.setHorizontalHeaderLabels([target, *preview.columns])
        for row, told in zip(preview.rows, preview.targets):
            self.model_.appendRow([QStandardItem(cell) for cell in (told, *row)])


class DataPanel(QScrollArea):
    """Follows the document's data loader."""

    def __init__(self, loader: DataLoader) -> None:
        super().__init__()
        self.loader = loader
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_2, tokens.SPACE_3, tokens.SPACE_3)
        column.setSpacing(tokens.SPACE_2)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setProperty("role", "caption")
        self.strip, self.table, self.counts = ImageStrip(side=44), SampleTable(), ClassCounts()
        self.strip.setMinimumHeight(tokens.scaled(120))
        self.table.setMinimumHeight(tokens.scaled(150))
        for widget in (self.words, self.strip, self.table, self.counts, self.note):
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(page)
        loader.changed.connect(self.refresh)
        language_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows what the loader has."""
        dataset = self.loader.dataset
        for widget in (self.strip, self.table, self.counts):
            widget.setVisible(dataset is not None)
        if dataset is None:
            self.words.setText(self.loader.problem or tr("Loading the data…"))
            self.note.setText("")
            return
        self.words.setText(dataset_words(dataset))
        self.note.setText(" ".join(filter(None, (dataset.source_note, *dataset.notes))))
        self.strip.setVisible(dataset.image)
        self.table.setVisible(not dataset.image)
        preview = dataset.preview(SHOWN if dataset.image else 10)
        if preview.images is not None:
            self.strip.show_images(preview.images.transpose(0, 3, 1, 2), preview.targets)
        else:
            self.table.show_preview(preview, dataset.target_name)
        self.counts.setVisible(dataset.task != "values")
        self.counts.show_counts(dataset.class_counts())


def dataset_words(dataset: Dataset) -> str:
    """``Iris: 150 samples (90 train, 30 validation, 30 test), 4 features, 3 classes``."""
    sizes = {s: len(dataset.split(s)) for s in SPLITS}
    parts = tr(
        "{train} train, {validation} validation, {test} test",
        train=f"{sizes['train']:,}",
        validation=f"{sizes['validation']:,}",
        test=f"{sizes['test']:,}",
    )
    shape = " × ".join(map(str, dataset.input_shape))
    ends = tr("values") if dataset.task == "values" else tr("{count} classes", count=len(dataset.class_names))
    return tr(
        "{name}: {parts}. Each sample {shape}; target: {ends}.", name=dataset.name, parts=parts, shape=shape, ends=ends
    )
