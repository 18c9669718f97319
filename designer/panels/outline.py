"""The outline: every layer in order, for eyes, keyboards and screen readers alike; selects with the canvas.

Items of a QGraphicsView are invisible to screen readers: this list is their twin.
"""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QVBoxLayout, QWidget

from designer.document.ports import layer_class, title_of
from designer.inspector.words import figures_text, problem_text
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from engine.analysis import Analysis
from engine.graph import Node
from widgets import icons, tokens
from widgets.fields import SearchField
from widgets.i18n import language_changed, tr, tr_declared
from widgets.tokens import theme

NODE = Qt.ItemDataRole.UserRole


class Outline(QWidget):
    """Name, type, output shape, and what feeds each layer. ``reveal_wanted(node_id)`` on Enter or double-click."""

    reveal_wanted = Signal(str)

    def __init__(self, store: Store, selection: Selection, analyst: Analyst) -> None:
        super().__init__()
        self.store, self.selection, self.analyst = store, selection, analyst
        self.search = SearchField(tr("Find a layer"))
        self.tree = QTreeView()
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.model = QStandardItemModel(self)
        self.tree.setModel(self.model)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, 0)
        column.setSpacing(tokens.SPACE_1)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        self.setFocusProxy(self.search)
        self._following = False
        self.search.text_settled.connect(lambda _: self.refresh())
        self.search.accepted.connect(self._reveal_first)
        self.tree.activated.connect(lambda i: self.reveal_wanted.emit(str(i.siblingAtColumn(0).data(NODE))))
        self.tree.selectionModel().selectionChanged.connect(lambda *_: self._chosen())
        selection.changed.connect(self._show_selection)
        analyst.changed.connect(lambda _: self.refresh())
        language_changed.connect(self.refresh)
        tokens.theme_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Fills the list anew."""
        self.tree.setAccessibleName(tr("Layers of the network"))
        self.search.setPlaceholderText(tr("Find a layer"))
        self._following = True
        self.model.clear()
        self.model.setHorizontalHeaderLabels([tr("layer"), tr("type"), tr("figures")])
        words = self.search.text().lower().split()
        analysis = self.analyst.analysis
        for node_id in self.store.state.graph.order:
            node = self.store.state.graph.nodes[node_id]
            row = self._row(node, analysis)
            text = " ".join(item.text() for item in row).lower()
            if all(w in text for w in words):
                self.model.appendRow(row)
        self.tree.resizeColumnToContents(0)
        self._following = False
        self._show_selection()

    def _row(self, node: Node, analysis: Analysis) -> list[QStandardItem]:
        found = layer_class(node.type)
        name = QStandardItem(node.name)
        name.setData(node.id, NODE)
        group = found.group if found is not None else "data"
        name.setIcon(icons.icon(icons.group_icon(group), theme().group(group), tokens.ICON_SMALL))
        feeds = [self.store.state.graph.nodes[e.source].name for e in self.store.state.graph.incoming.get(node.id, ())]
        told = tr("{name}, fed by {sources}", name=node.name, sources=", ".join(feeds)) if feeds else node.name
        around = self.store.state.layout.nesting.around(node.id)
        if around:
            groups = " › ".join(self.store.state.groups[k].title for k in around)
            told = tr("{told}; in the group {group}", told=told, group=groups)
        problems = [problem_text(p) for p in analysis.by_node.get(node.id, ())]
        name.setData(". ".join([told, *problems]), Qt.ItemDataRole.AccessibleTextRole)
        name.setToolTip("\n".join([told, *problems]))
        figures = QStandardItem(figures_text(analysis.nodes.get(node.id)))
        return [name, QStandardItem(tr_declared(title_of(node.type))), figures]

    def _ids(self) -> list[str]:
        return [str(self.model.item(k).data(NODE)) for k in range(self.model.rowCount())]

    def _show_selection(self) -> None:
        self._following = True
        chooser = self.tree.selectionModel()
        chooser.clearSelection()
        both = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row, node in enumerate(self._ids()):
            if node in self.selection.nodes:
                chooser.select(self.model.index(row, 0), both)
        self._following = False

    def _chosen(self) -> None:
        if not self._following:
            rows = self.tree.selectionModel().selectedRows()
            self.selection.show(str(i.data(NODE)) for i in rows)

    def _reveal_first(self) -> None:
        ids = self._ids()
        if ids:
            self.reveal_wanted.emit(ids[0])
