"""All layers as a table: output shape, parameters, multiply-adds, memory, share as a bar; selects with the canvas."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QItemSelection, QItemSelectionModel, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from designer.canvas.hover import size_text
from designer.document.costs import Cost, Measure, costs_of, shares
from designer.document.ports import layer_class
from designer.panels.palette import Index
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from engine.analysis import Analysis
from widgets import icons, tokens
from widgets.fields import ElidedLabel
from widgets.fields.segmented import Segmented
from widgets.i18n import language_changed, tr
from widgets.tokens import theme

NAME, SHAPE, PARAMETERS, MACS, BYTES, SHARE = range(6)
Role = Qt.ItemDataRole


class CostModel(QAbstractTableModel):
    """Rows of Cost, sortable by every column."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Cost] = []
        self.share: dict[str, float] = {}
        self.measure: Measure = "macs"
        self._order: tuple[int, bool] | None = None
        self._costs: tuple[Cost, ...] = ()

    def show(self, costs: tuple[Cost, ...], measure: Measure) -> None:
        """Other figures, or another measure for the share."""
        self.beginResetModel()
        self._costs, self.measure = costs, measure
        self.share = dict(shares(costs, measure))
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        self.rows = list(self._costs)
        if self._order is not None:
            column, down = self._order
            self.rows.sort(key=lambda c: self._key(c, column), reverse=down)

    def _key(self, cost: Cost, column: int) -> tuple[object, ...]:
        sizes = tuple(int(p) for p in cost.shape.split(" x ")[1:])
        return {
            NAME: (cost.name.casefold(),),
            SHAPE: (len(sizes), sizes),
            PARAMETERS: (cost.parameters,),
            MACS: (cost.macs,),
            BYTES: (cost.bytes,),
            SHARE: (self.share[cost.node],),
        }[column]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1: in the order of the network."""
        self.beginResetModel()
        self._order = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self._arrange()
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or role != Role.DisplayRole:
            return None
        titles = (tr("layer"), tr("output"), tr("parameters"), tr("multiply-adds"), tr("memory"), tr("share"))
        return titles[section]

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        cost, column = self.rows[index.row()], index.column()
        if role == Role.DisplayRole:
            return self._text(cost, column)
        if role == Role.UserRole:
            return self.share[cost.node]
        if role == Role.TextAlignmentRole and column in (PARAMETERS, MACS, BYTES):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Role.DecorationRole and column == NAME:
            kind = layer_class(cost.type)
            group = kind.group if kind is not None else "data"
            return icons.icon(icons.group_icon(group), theme().group(group), tokens.ICON_SMALL)
        if role == Role.ToolTipRole and column == BYTES:
            return tr(
                "{size}: values kept for one sample's backward pass, and the parameters", size=size_text(cost.bytes)
            )
        return None

    def _text(self, cost: Cost, column: int) -> str:
        if column == NAME:
            return cost.name
        if column == SHAPE:
            return cost.shape or tr("unknown")
        if column == SHARE:
            return f"{self.share[cost.node]:.1%}"
        value = {PARAMETERS: cost.parameters, MACS: cost.macs, BYTES: cost.bytes}[column]
        if not value:
            return "–"
        return size_text(value) if column == BYTES else f"{value:,}"


class _Bars(QStyledItemDelegate):
    """The share as a bar with its figure on it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, _blank(option), index.siblingAtColumn(SHARE + 1))
        share = float(index.data(Role.UserRole) or 0.0)
        box = QRectF(option.rect).adjusted(6, 5, -6, -5)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color(tokens.blend(theme().panel, theme().outline, 0.25)))
        painter.drawRoundedRect(box, 3, 3)
        painter.setBrush(tokens.color(theme().accent, 0.75))
        if share > 0:
            painter.drawRoundedRect(QRectF(box.x(), box.y(), max(box.width() * share, 3.0), box.height()), 3, 3)
        painter.setPen(tokens.color(theme().text))
        painter.setFont(tokens.font("caption"))
        painter.drawText(box.adjusted(6, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, str(index.data()))
        painter.restore()


def _blank(option: QStyleOptionViewItem) -> QStyleOptionViewItem:
    empty = QStyleOptionViewItem(option)
    empty.text = ""  # type: ignore[attr-defined]
    return empty


class LayerTable(QWidget):
    """``reveal_wanted(node_id)`` on Enter or double-click."""

    reveal_wanted = Signal(str)

    def __init__(self, selection: Selection, analyst: Analyst) -> None:
        super().__init__()
        self.selection, self.analyst = selection, analyst
        self._in_front, self._following = True, False
        self._shown: Analysis | None = None
        self.measure = Segmented((("macs", ""), ("parameters", ""), ("bytes", "")))
        self.totals, self.table, self.model = ElidedLabel(""), QTableView(), CostModel(self)
        self.totals.setProperty("role", "secondary")
        self._dress()
        head = QHBoxLayout()
        head.addWidget(self.measure)
        head.addSpacing(tokens.SPACE_2)
        head.addWidget(self.totals, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, 0)
        column.setSpacing(tokens.SPACE_1)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        self.measure.value_changed.connect(lambda _: self._fill(self.analyst.analysis))
        self.table.activated.connect(lambda i: self.reveal_wanted.emit(self.model.rows[i.row()].node))
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._chosen())
        self.model.modelReset.connect(self._show_selection)
        selection.changed.connect(self._show_selection)
        analyst.changed.connect(self._follow)
        language_changed.connect(self._retranslate)
        tokens.theme_changed.connect(self.table.viewport().update)
        self._retranslate()

    def _dress(self) -> None:
        table, header = self.table, self.table.horizontalHeader()
        table.setModel(self.model)
        table.setItemDelegateForColumn(SHARE, _Bars(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(tokens.scaled(24))
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(SHARE, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(tokens.scaled(52))
        table.setSortingEnabled(True)

    def _retranslate(self) -> None:
        labels = (("macs", tr("multiply-adds")), ("parameters", tr("parameters")), ("bytes", tr("memory")))
        self.measure.show_labels(labels)
        self.measure.setAccessibleName(tr("Share of"))
        self.table.setAccessibleName(tr("Table of layers"))
        self._fill(self.analyst.analysis)

    @property
    def in_front(self) -> bool:
        """Whether it can be seen; kept by the dock, which knows of tabs."""
        return self._in_front

    @in_front.setter
    def in_front(self, shown: bool) -> None:
        self._in_front = shown
        if shown and self._shown is not self.analyst.analysis:
            self._fill(self.analyst.analysis)

    def _follow(self, analysis: Analysis) -> None:
        if self._in_front:
            self._fill(analysis)

    def _fill(self, analysis: Analysis) -> None:
        self._shown = analysis
        costs = costs_of(analysis)
        down = self.table.verticalScrollBar().value()
        self.model.show(costs, self.measure.value() or "macs")  # type: ignore[arg-type]
        self.table.verticalScrollBar().setValue(down)
        self.totals.setText(
            tr(
                "{layers} layers, {parameters} parameters, {macs} multiply-adds per sample",
                layers=len(costs),
                parameters=f"{sum(c.parameters for c in costs):,}",
                macs=f"{sum(c.macs for c in costs):,}",
            )
        )

    # ------------------------------------------------------------------ selection, both ways

    def _show_selection(self) -> None:
        """The rows of what is selected; the last one chosen is brought into sight."""
        self._following = True
        chosen = QItemSelection()
        for row, cost in enumerate(self.model.rows):
            if cost.node in self.selection.nodes:
                chosen.select(self.model.index(row, NAME), self.model.index(row, SHARE))
        self.table.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        current = [r for r, c in enumerate(self.model.rows) if c.node == self.selection.current]
        if current:
            self.table.scrollTo(self.model.index(current[0], NAME))
        self._following = False

    def _chosen(self) -> None:
        if not self._following:
            rows = self.table.selectionModel().selectedRows()
            self.selection.show(self.model.rows[i.row()].node for i in rows)
