"""What the network answers: samples with truth, prediction and probability, wrong ones first, and the confusions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTableView,
    QWidget,
)

from designer.panels.live import LivePanel
from designer.session.frame import Frame
from engine.data.dataset import Dataset, as_pictures
from engine.training.evaluation import SplitResult
from widgets import tokens
from widgets.confusion import ConfusionMatrix
from widgets.i18n import tr
from widgets.image_strip import ImageStrip

MOST_ROWS = 200


@dataclass(frozen=True)
class Answers:
    """Per sample: index in the split, true class, predicted class, its probability; the surest mistakes first."""

    index: NDArray[np.int64]
    truth: NDArray[np.int64]
    told: NDArray[np.int64]
    sure: NDArray[np.float64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where prediction and truth agree."""
        return self.truth == self.told

    def where(self, truth: int, told: int) -> Answers:
        """Only those of one cell of the confusion matrix."""
        rows = (self.truth == truth) & (self.told == told)
        return Answers(self.index[rows], self.truth[rows], self.told[rows], self.sure[rows])


def answers_of(result: SplitResult, dataset: Dataset) -> Answers | None:
    """The answers of the first head for classes; None for a regression."""
    if dataset.task == "values":
        return None
    part = dataset.split(result.split)
    truth = next(iter(part.y.values())).astype(np.int64).ravel()
    shown = next(iter(result.evaluation.shown.values())).astype(np.float64).reshape(len(truth), -1)
    if shown.shape[1] == 1:
        # One unit: a probability of class 1, or a value towards -1 and +1.
        p = shown[:, 0] if shown.min(initial=0.0) >= 0.0 else (np.clip(shown[:, 0], -1, 1) + 1) / 2
        told, sure = (p > 0.5).astype(np.int64), np.maximum(p, 1 - p)
    else:
        told = shown.argmax(axis=1)
        sure = shown[np.arange(len(shown)), told]
    order = np.lexsort((-sure, truth == told))
    return Answers(order.astype(np.int64), truth[order], told[order], sure[order])


def confusion_of(answers: Answers, classes: int) -> NDArray[np.int64]:
    """Counts (C, C): rows true, columns predicted."""
    return np.bincount(answers.truth * classes + answers.told, minlength=classes * classes).reshape(classes, classes)


class AnswersPanel(LivePanel):
    """``sample_chosen(split, index)``; ``evaluation_wanted("validation")`` while there are no answers yet."""

    sample_chosen = Signal(str, int)
    evaluation_wanted = Signal(str)

    def __init__(self) -> None:
        plot = ImageStrip(side=56)
        super().__init__(plot)
        self.strip = plot
        self.matrix = ConfusionMatrix()
        self.table = QTableView()
        self.model = QStandardItemModel(self)
        self._set_up_table()
        self.split_words, self.ask, self.all_button = QLabel(), QPushButton(), QPushButton()
        self.split_words.setProperty("role", "secondary")
        self.ask.clicked.connect(lambda: self.evaluation_wanted.emit("validation"))
        self.all_button.clicked.connect(self._show_all)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        column = self.layout()
        column.removeWidget(plot)
        left = QWidget()
        self._left = QHBoxLayout(left)
        self._left.setContentsMargins(0, 0, 0, 0)
        self._left.addWidget(plot)
        self._left.addWidget(self.table)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.matrix)
        self.splitter.setSizes([300, 240])
        column.addWidget(self._head())
        column.addWidget(self.splitter)
        self.shown: Answers | None = None
        self._all: Answers | None = None
        self._result: SplitResult | None = None
        plot.image_clicked.connect(self._chosen)
        self.matrix.cell_clicked.connect(self._filter)
        self.retranslate()
        self._show_nothing()

    def _head(self) -> QWidget:
        head = QWidget()
        head.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        line = QHBoxLayout(head)
        line.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, 0)
        line.addWidget(self.split_words, 1)
        line.addWidget(self.all_button)
        line.addWidget(self.ask)
        return head

    def _set_up_table(self) -> None:
        self.table.setModel(self.model)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.verticalHeader().setDefaultSectionSize(tokens.scaled(24))
        self.table.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
        self.table.clicked.connect(lambda i: self._chosen(i.row()))

    def words(self) -> tuple[str, str]:
        return tr("Answers"), tr(
            "Samples with what they are and what the network says, the surest mistakes first. A click on a cell of the "
            "table shows only its samples."
        )

    def retranslate(self) -> None:
        super().retranslate()
        self.plot.show_title("")
        self.matrix.show_title("")
        self.ask.setText(tr("Look at validation data"))
        self.all_button.setText(tr("Show all"))
        self._result = None
        self.show_again()

    def show_frame(self, new: Frame, old: Frame) -> None:
        result = new.results.get("test") or new.results.get("validation")
        if result is None or new.dataset is None:
            self._result = None
            self._show_nothing()
            return
        if result is not self._result:
            self._result = result
            self._show_result(result, new.dataset)

    def _show_nothing(self) -> None:
        self.split_words.setText("")
        self.table.hide()
        self.matrix.hide()
        self.all_button.hide()
        self.plot.show()
        self.ask.setVisible(self.seen.plan is not None)
        self.plot.show_empty(tr("The test set is looked at once, when training ends. Until then: validation data."))

    def _show_result(self, result: SplitResult, dataset: Dataset) -> None:
        self.ask.hide()
        self._all = answers_of(result, dataset)
        words = {"test": tr("test set"), "validation": tr("validation set"), "train": tr("training set")}[result.split]
        if self._all is None:
            self.split_words.setText(words)
            self._show_values(result, dataset)
            return
        wrong = int((~self._all.right).sum())
        total = len(self._all.index)
        self.split_words.setText(tr("{split}: {wrong} of {total} wrong", split=words, wrong=wrong, total=f"{total:,}"))
        self.matrix.show()
        self.matrix.show_matrix(confusion_of(self._all, len(dataset.class_names)), dataset.class_names)
        self._show_some(self._all)

    def _filter(self, truth: int, told: int) -> None:
        if self._all is not None:
            self._show_some(self._all.where(truth, told))
            self.all_button.show()

    def _show_all(self) -> None:
        if self._all is not None:
            self._show_some(self._all)

    def _show_some(self, answers: Answers) -> None:
        dataset, result = self.seen.dataset, self._result
        assert dataset is not None and result is not None
        self.all_button.setVisible(answers is not self._all)
        self.shown = answers
        rows = answers.index[:MOST_ROWS]
        self.plot.setVisible(dataset.image)
        self.table.setVisible(not dataset.image)
        if dataset.image:
            pictures = as_pictures(_inputs(dataset, result.split, rows), dataset.value_range or (0.0, 1.0))
            captions = [self._caption(dataset, answers, k) for k in range(len(rows))]
            self.strip.show_images(
                pictures.transpose(0, 3, 1, 2), captions, right=[bool(r) for r in answers.right[: len(rows)]]
            )
        else:
            self._fill_table(dataset, answers, rows)

    @staticmethod
    def _caption(dataset: Dataset, answers: Answers, k: int) -> str:
        told, truth = dataset.class_names[answers.told[k]], dataset.class_names[answers.truth[k]]
        sure = f"{100 * answers.sure[k]:.0f} %"
        return f"{told} {sure}" if answers.right[k] else f"{told} {sure}\n" + tr("is {truth}", truth=truth)

    def _fill_table(self, dataset: Dataset, answers: Answers, rows: NDArray[np.int64]) -> None:
        self.model.clear()
        self.model.setHorizontalHeaderLabels([tr("sample"), tr("is"), tr("answer"), tr("probability")])
        for k, index in enumerate(rows):
            right = bool(answers.right[k])
            cells = [
                str(int(index)),
                dataset.class_names[answers.truth[k]],
                ("" if right else "✕ ") + dataset.class_names[answers.told[k]],
                f"{100 * answers.sure[k]:.1f} %",
            ]
            self.model.appendRow([QStandardItem(c) for c in cells])

    def _show_values(self, result: SplitResult, dataset: Dataset) -> None:
        """A regression: the largest errors first."""
        part = dataset.split(result.split)
        truth = next(iter(part.y.values())).reshape(len(part), -1)[:, 0].astype(float)
        told = next(iter(result.evaluation.shown.values())).reshape(len(part), -1)[:, 0].astype(float)
        order = np.argsort(-np.abs(told - truth))[:MOST_ROWS]
        self.matrix.hide()
        self.plot.hide()
        self.table.show()
        self.shown = Answers(order, np.zeros(len(order), np.int64), np.zeros(len(order), np.int64), np.ones(len(order)))
        self.model.clear()
        self.model.setHorizontalHeaderLabels([tr("sample"), tr("is"), tr("answer"), tr("error")])
        for k in order:
            cells = [str(int(k)), f"{truth[k]:.4g}", f"{told[k]:.4g}", f"{told[k] - truth[k]:+.3g}"]
            self.model.appendRow([QStandardItem(c) for c in cells])

    def _chosen(self, row: int) -> None:
        if self.shown is not None and self._result is not None and 0 <= row < len(self.shown.index):
            self.sample_chosen.emit(self._result.split, int(self.shown.index[row]))


def _inputs(dataset: Dataset, split: Any, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Inputs of these samples as they were before preparation."""
    part = dataset.split(split)
    name = "x" if "x" in part.x else next(iter(part.x))
    prepared = dataset.preparation.get(name)
    values = part.x[name][rows]
    return prepared.invert(values) if prepared else values
