"""Two networks beside each other: what this one has that the other has not, what it lacks, what differs in its values.

The panel shows what it is told; who chooses the other network tells it by ``show_choices`` and ``show_found``.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from designer.canvas.compare_marks import SIGNS
from designer.document import DocState
from designer.document.compare import Change, Comparison, NodeDifference
from designer.document.ports import layer_class, title_of
from designer.inspector.editors import value_text
from designer.inspector.setup_params import DATA, TRAINING
from engine.declare import Param
from engine.graph import Edge
from widgets import tokens
from widgets.fields import Choice
from widgets.i18n import language_changed, tr, tr_declared

#: what a row stands for: ("after", id) a layer of this document, ("before", id) one that only the other has
ROW = Qt.ItemDataRole.UserRole
NOTHING = "\0nothing"


class ComparePanel(QWidget):
    """``chosen(key)`` of the other network, "" for none; ``row_chosen(side, id)``; ``seen(bool)``: to be looked at."""

    chosen = Signal(str)
    row_chosen = Signal(str, str)
    seen = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.other, self.words = Choice(), QLabel()
        self.other.value_changed.connect(lambda key: self.chosen.emit("" if key == NOTHING else str(key)))
        self.words.setWordWrap(True)
        self.words.setProperty("role", "secondary")
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(tokens.SPACE_4)
        self.tree.setWordWrap(True)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.tree.currentItemChanged.connect(lambda item, _: self._tell(item))
        self.tree.itemActivated.connect(lambda item, _: self._tell(item))
        self.with_label = QLabel()
        row = QHBoxLayout()
        row.addWidget(self.with_label)
        row.addWidget(self.other, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, tokens.SPACE_1)
        column.setSpacing(tokens.SPACE_1)
        column.addLayout(row)
        column.addWidget(self.words)
        column.addWidget(self.tree, 1)
        self.setFocusProxy(self.tree)
        self.found: Comparison | None = None
        self._states: tuple[DocState, DocState] | None = None
        self._reason = ""
        self._in_front = True
        language_changed.connect(self.refresh)
        tokens.theme_changed.connect(self.refresh)
        self.refresh()

    @property
    def in_front(self) -> bool:
        """Kept by the dock, which knows of tabs."""
        return self._in_front

    @in_front.setter
    def in_front(self, shown: bool) -> None:
        self._in_front = shown
        self.seen.emit(shown)

    # ------------------------------------------------------------------ what is shown

    def show_choices(self, options: Sequence[tuple[str, str]], key: str) -> None:
        """What can be compared with, and what is."""
        self.other.show_options([(NOTHING, tr("nothing")), *options])
        self.other.show_value(key or NOTHING)

    def show_found(self, found: Comparison | None, before: DocState | None, after: DocState, reason: str = "") -> None:
        """A comparison, or why there is none."""
        self.found, self._reason = found, reason
        self._states = (before, after) if before is not None else None
        self.refresh()

    def refresh(self) -> None:
        """All rows anew; the current one stays if it is still there."""
        self.with_label.setText(tr("with"))
        self.other.setAccessibleName(tr("Compare with"))
        self.tree.setAccessibleName(tr("Differences"))
        self.tree.setHeaderLabels([tr("layer"), tr("there, and here")])
        current = self.tree.currentItem()
        kept = current.data(0, ROW) if current is not None else None
        self.tree.blockSignals(True)
        self.tree.clear()
        found = self.found
        self.words.setText(self._summary())
        self.tree.setVisible(found is not None and not found.same)
        if found is not None and self._states is not None:
            for one in found.nodes:
                if one.kind != "same":
                    self._add_node(one, *self._states)
            self._add_wires(found, *self._states)
            for part, title, declared in (("training", tr("Training"), TRAINING), ("data", tr("Data"), DATA)):
                if found.setup[part]:
                    self._add_setup(title, found.setup[part], declared)
        self.tree.expandAll()
        if kept is not None:
            self._choose_again(kept)
        self.tree.blockSignals(False)

    def _summary(self) -> str:
        found = self.found
        if found is None:
            return self._reason or tr("Choose another open network, or a file, to see what differs.")
        if found.same:
            return tr("Both are the same: layers, settings, wires, training and data.")
        return tr(
            "{added} added, {removed} removed, {changed} changed",
            added=found.count("added"),
            removed=found.count("removed"),
            changed=found.count("changed"),
        )

    def _row(self, kind: str, title: str, words: str, place: tuple[str, str] | None) -> QTreeWidgetItem:
        sign, role = SIGNS[kind]
        item = QTreeWidgetItem([f"{sign} {title}", words])
        item.setForeground(0, tokens.color(getattr(tokens.theme(), role)))
        item.setData(0, ROW, place)
        item.setToolTip(0, title)
        self.tree.addTopLevelItem(item)
        return item

    def _add_node(self, one: NodeDifference, before: DocState, after: DocState) -> None:
        here = one.after is not None
        place = ("after", one.after) if one.after is not None else ("before", one.before or "")
        graph = after.graph if here else before.graph
        kind = title_of(graph.nodes[place[1]].type)
        words = "" if one.kind == "changed" else tr_declared(kind)
        item = self._row(one.kind, one.name, words, (place[0], place[1]))
        found = layer_class(graph.nodes[place[1]].type)
        declared = dict(found.params) if found is not None else {}
        for change in one.changes:
            self._add_change(item, change, declared, (place[0], place[1]))

    def _add_wires(self, found: Comparison, before: DocState, after: DocState) -> None:
        for one in found.wires:
            graph = after.graph if one.kind == "added" else before.graph
            back = {old: new for new, old in found.pairs.items()}
            target = one.wire.target if one.kind == "added" else back[one.wire.target]
            self._row(one.kind, _wire_text(one.wire, graph.nodes), tr("wire"), ("after", target))

    def _add_setup(self, title: str, changes: Sequence[Change], declared: dict[str, Param]) -> None:
        item = self._row("changed", title, "", None)
        for change in changes:
            self._add_change(item, change, declared, None)

    def _add_change(
        self, item: QTreeWidgetItem, change: Change, declared: dict[str, Param], place: tuple[str, str] | None
    ) -> None:
        label, old, new = change_words(change, declared)
        row = QTreeWidgetItem([label, f"{old} → {new}"])
        row.setData(0, ROW, place)
        row.setToolTip(1, row.text(1))
        item.addChild(row)

    def _choose_again(self, place: tuple[str, str]) -> None:
        for k in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(k)
            if item is not None and item.data(0, ROW) == place:
                self.tree.setCurrentItem(item)
                return

    def _tell(self, item: QTreeWidgetItem | None) -> None:
        place = item.data(0, ROW) if item is not None else None
        if place is not None:
            self.row_chosen.emit(place[0], place[1])


def change_words(change: Change, declared: dict[str, Param]) -> tuple[str, str, str]:
    """(what, value there, value here) in the language in force."""
    fixed = {"type": tr("type"), "name": tr("name"), "frozen": tr("frozen"), "muted": tr("muted"),
             "shares": tr("shares the weights of")}  # fmt: skip
    param = declared.get(change.path[0])
    first = tr_declared(param.label) if param is not None else fixed.get(change.path[0], change.path[0])
    label = ", ".join((first, *(p.replace("_", " ") for p in change.path[1:])))
    whole = param if len(change.path) == 1 else None
    if change.path == ("type",):
        old, new = (tr_declared(title_of(str(v))) for v in (change.before, change.after))
    elif whole is None and change.path[0] in ("name", "shares"):
        old, new = (tr("none") if v is None else str(v) for v in (change.before, change.after))
    else:
        old, new = (value_text(v, whole) for v in (change.before, change.after))
    return label, old, new


def _wire_text(wire: Edge, nodes: object) -> str:
    names = {k: n.name for k, n in nodes.items()}  # type: ignore[attr-defined]
    port = "" if wire.port == "in" else f" ({wire.port})"
    return f"{names[wire.source]} → {names[wire.target]}{port}"
