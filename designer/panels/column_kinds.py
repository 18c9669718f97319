"""The columns of a table: which are numbers, which are categories, which are left out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.data.dataset import Column
from engine.data.sources.csv import column_text
from widgets import tokens
from widgets.fields import ElidedLabel, Section, Segmented
from widgets.i18n import tr

#: more rows than anybody clicks through; a wider table is told by typing
MOST = 60


class ColumnKinds(QWidget):
    """``changed(categories, ignore)``: the columns that are categories, and those that are left out, as stored text."""

    changed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.section = Section(tr("Columns"))
        self.switches: dict[str, Segmented] = {}
        self._known: tuple[str, ...] = ()
        self._page: QWidget | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)
        self.hide()

    def show_columns(self, columns: Sequence[Column], target: str) -> None:
        """One row for each feature column."""
        shown = [c for c in columns if c.name != target][:MOST]
        self.setVisible(bool(shown))
        names = tuple(c.name for c in shown)
        if names != self._known:
            self._build(shown)
        for found in shown:
            self.switches[found.name].show_value(found.kind)

    def _build(self, columns: Sequence[Column]) -> None:
        if self._page is not None:
            self._page.hide()
            self._page.deleteLater()
        self._known = tuple(c.name for c in columns)
        self._page = QWidget()
        grid = QGridLayout(self._page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(tokens.SPACE_1)
        self.switches = {}
        for k, found in enumerate(columns):
            switch = Segmented(
                [("number", tr("number")), ("category", tr("category")), ("ignore", tr("ignore"))], found.kind
            )
            switch.value_changed.connect(lambda _: self._tell())
            switch.setAccessibleName(found.name)
            grid.addWidget(ElidedLabel(found.name), k, 0)
            grid.addWidget(switch, k, 1)
            self.switches[found.name] = switch
        grid.setColumnStretch(0, 1)
        self.section.body.addWidget(self._page)

    def _tell(self) -> None:
        kinds = {name: switch.value() for name, switch in self.switches.items()}
        categories = column_text(tuple(n for n, k in kinds.items() if k == "category"))
        self.changed.emit(categories, column_text(tuple(n for n, k in kinds.items() if k == "ignore")))
