"""Own data: what was found in a file or folder, all of it changeable, accepted as one undo step."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from designer.document.verbs.adopt_data import adopt_data
from designer.inspector.param_form import ParamForm
from designer.inspector.paths import ordered
from designer.inspector.registries import option
from designer.inspector.setup_params import DATA
from designer.panels.column_kinds import ColumnKinds
from designer.panels.data_panel import ClassCounts, SampleTable
from designer.session.background import Background
from engine.data.dataset import Column
from engine.data.errors import DataError
from engine.data.guess import Guess
from engine.declare import Param, Spec, Value
from widgets import tokens
from widgets.fields import BusyBar
from widgets.i18n import tr, tr_declared, tr_error
from widgets.image_strip import ImageStrip

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

SPLIT = ("standardize", "validation", "test", "shuffle_split", "split_seed")
#: found out by other means in this dialog than by typing
HIDDEN = ("path", "target", "categories", "ignore")


@dataclass(frozen=True)
class Unread:
    """A reading failed before any worked: why, and the reader whose settings may mend it (None: no reader takes such a
    file). Where the cells of a table are at fault, its columns and the target are known, and may be changed, too.
    """

    error: Exception
    source: Spec | None
    columns: tuple[Column, ...] = ()
    target: str = ""


def first_reading(path: Path) -> Guess | Unread:
    """What the file is, or why that cannot be told; runs in a thread."""
    from engine.data.guess import first_source, guess, guess_source

    try:
        return guess(path)
    except (DataError, ValueError, OSError) as error:
        for found in (guess_source, first_source):
            with suppress(DataError, ValueError, OSError):
                return _unread(error, found(path))
        return Unread(error, None)


def reading_with(source: Spec) -> Guess | Unread:
    """What the file is with a person's settings of the reader; runs in a thread."""
    from engine.data.guess import guess_with

    try:
        return guess_with(source)
    except (DataError, ValueError, OSError) as error:
        return _unread(error, source)


def _unread(error: Exception, source: Spec) -> Unread:
    from engine.data.guess import table_columns

    with suppress(DataError, ValueError, OSError):
        return Unread(error, source, *table_columns(source))
    return Unread(error, source)


class DataDialog(QDialog):
    """Reads in the background; every change reads again. ``guess`` is what is on show, None before the first answer."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.guess: Guess | None = None
        #: how it was tried to read, as long as that never worked
        self.tried: Unread | None = None
        self.setWindowTitle(tr("Use own data"))
        self.job = Background(self)
        self.job.done.connect(self._show)
        self.job.failed.connect(self._refuse)
        self.job.busy_changed.connect(self._busy)
        self._build()
        self.resize(tokens.scaled(940), tokens.scaled(600))
        self._start(None, {})

    # ------------------------------------------------------------------ building

    def _build(self) -> None:
        self.title, self.words = QLabel(self.path.name), QLabel()
        self.title.setFont(tokens.font("title", bold=True))
        self.words.setProperty("role", "secondary")
        self.words.setWordWrap(True)
        self.busy = BusyBar()
        self.error = QLabel()
        self.error.setProperty("role", "error")
        self.error.setWordWrap(True)
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error.hide()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._settings())
        split.addWidget(self._preview())
        split.setSizes([tokens.scaled(330), tokens.scaled(600)])
        split.setCollapsible(0, False)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.accept_button = self.buttons.addButton(tr("Use these data"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.accept_button.setDefault(True)
        self.accept_button.setEnabled(False)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(tokens.SPACE_2)
        for widget in (self.title, self.words, self.busy, self.error):
            column.addWidget(widget)
        column.addWidget(split, 1)
        column.addWidget(self.buttons)

    def _settings(self) -> QWidget:
        self.source_form, self.split_form = ParamForm(), ParamForm()
        self.target_form = ParamForm()
        self.columns = ColumnKinds()
        self.columns.changed.connect(lambda categories, ignore: self._change(categories=categories, ignore=ignore))
        for form in (self.target_form, self.source_form, self.split_form):
            form.edited.connect(lambda path, value, gesture: self._change(**{path[0]: value}))
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, tokens.SPACE_2, 0)
        for widget in (self.target_form, self.source_form, self.split_form, self.columns):
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidgetResizable(True)
        area.setWidget(page)
        return area

    def _preview(self) -> QWidget:
        self.table, self.strip, self.counts = SampleTable(), ImageStrip(side=72), ClassCounts()
        self.network, self.notes = QLabel(), QLabel()
        self.network.setWordWrap(True)
        self.notes.setWordWrap(True)
        self.notes.setProperty("role", "caption")
        self.strip.hide()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(tokens.SPACE_2, 0, 0, 0)
        column.addWidget(self.table, 3)
        column.addWidget(self.strip, 3)
        column.addWidget(self.counts)
        column.addWidget(self.network)
        column.addWidget(self.notes)
        return page

    # ------------------------------------------------------------------ reading

    def _start(self, known: Guess | None, values: dict[str, Any]) -> None:
        path = self.path

        def work() -> Guess | Unread:
            return first_reading(path) if known is None else known.change(**values)

        self.job.start(work)

    def _change(self, **values: Value) -> None:
        if self.guess is not None:
            self._start(self.guess, values)
        elif self.tried is not None and self.tried.source is not None:
            source = Spec(self.tried.source.type, {**self.tried.source.params, **values})
            # Two changes in a row: the second knows of the first.
            self.tried = replace(self.tried, source=source)
            self.job.start(lambda: reading_with(source))

    def _busy(self, busy: bool) -> None:
        if busy:
            self.busy.show_share(None)
        else:
            self.busy.show_idle()
        self.accept_button.setEnabled(not busy and self.guess is not None and not self.error.text())

    def _refuse(self, error: Exception) -> None:
        self.error.setText(tr_error(error) if isinstance(error, DataError | ValueError | OSError) else repr(error))
        self.error.show()
        self.accept_button.setEnabled(False)
        if self.guess is not None:
            self._show_forms(self.guess)
        elif self.tried is not None and self.tried.source is not None:
            self.source_form.unfold()
            self._show_source(self.tried.source)
            self._show_columns(self.tried.columns, self.tried.target)
            self.words.setText(tr("Say how the file is to be read:"))

    def _show(self, found: Guess | Unread) -> None:
        if isinstance(found, Unread):
            self.tried = found
            self._refuse(found.error)
            return
        self.guess = found
        self.error.setText("")
        self.error.hide()
        self.words.setText(summary(found))
        self._show_forms(found)
        self._show_samples(found)
        self.notes.setText("\n".join(found.notes))
        self.network.setText(ends_text(found))
        self.accept_button.setEnabled(True)

    def _show_source(self, chosen: Spec) -> None:
        """Settings of the reader."""
        source = option("sources", chosen.type)
        declared = {} if source is None else {k: p for k, p in ordered(source).items() if k not in HIDDEN}
        given = chosen.params
        self.source_form.show_params(declared, {k: [given.get(k, p.default)] for k, p in declared.items()})

    def _show_forms(self, found: Guess) -> None:
        self._show_source(found.source)
        split = {k: DATA[k] for k in SPLIT if not (found.own_split and k in ("test", "shuffle_split", "split_seed"))}
        self.split_form.show_params(split, {k: [getattr(found, k)] for k in split})
        self._show_columns(found.columns, found.target, found.can_be_target)

    def _show_columns(self, columns: Sequence[Column], target: str, can_be_target: Sequence[str] = ()) -> None:
        """Which column is what, and which is to be predicted; other data have none."""
        names = tuple(dict.fromkeys((*(can_be_target or (c.name for c in columns)), target))) if columns else ()
        words = {"label": tr("target"), "help": tr("The column to predict.")}
        params = {"target": Param("choice", target, choices=names, name="target", registry="columns", **words)}
        self.target_form.show_params(params if names else {}, {"target": [target]} if names else {})
        self.columns.show_columns(columns, target)

    def _show_samples(self, found: Guess) -> None:
        images = found.preview.images
        self.strip.setVisible(images is not None)
        self.table.setVisible(images is None)
        if images is not None:
            self.strip.show_images(images.transpose(0, 3, 1, 2), found.preview.targets)
        else:
            self.table.show_preview(found.preview, found.target)
        self.counts.setVisible(bool(found.class_counts))
        self.counts.show_counts(dict(found.class_counts))

    def done(self, result: int) -> None:
        """The one who reads is not waited for."""
        self.job.cancel()
        super().done(result)


def task_text(task: str) -> str:
    """What kind of answer is learned."""
    return {"binary": tr("two classes"), "classes": tr("classes"), "values": tr("values (regression)")}[task]


def summary(found: Guess) -> str:
    """``150 samples: 90 train, 30 validation, 30 test; target species: classes``."""
    sizes = found.sizes
    return tr(
        "{samples} samples: {train} train, {validation} validation, {test} test. Target {target}: {task}.",
        samples=f"{found.samples:,}",
        train=f"{sizes['train']:,}",
        validation=f"{sizes['validation']:,}",
        test=f"{sizes['test']:,}",
        target=found.target,
        task=task_text(found.task),
    )


def ends_text(found: Guess) -> str:
    """What accepting sets in the network."""
    ends = found.suggestion
    activation, loss = option("activations", ends.activation), option("losses", ends.loss)
    words = (
        tr("The network will get: Input {shape}, 1 output unit, {activation}, {loss}.")
        if ends.units == 1
        else tr("The network will get: Input {shape}, {units} output units, {activation}, {loss}.")
    )
    return words.format(
        shape=" × ".join(map(str, ends.input_shape)),
        units=ends.units,
        activation=tr_declared(activation.title) if activation else ends.activation,
        loss=tr_declared(loss.title) if loss else ends.loss,
    )


def offer_data(window: MainWindow, path: Path) -> DataDialog:
    """Opens the dialog; accepting is one undo step."""
    dialog = DataDialog(path, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def accepted() -> None:
        found = dialog.guess
        if found is not None:
            document = window.document
            folder = document.path.parent if document.path is not None else None
            window.settings.folder = str(path.parent)
            text = tr("Use {name}", name=path.name)
            if document.store.attempt(text, adopt_data, found.to_setup(folder), found.suggestion):
                window.show_canvas()

    dialog.accepted.connect(accepted)
    dialog.open()
    return dialog
