"""The form of the selected nodes: name, formula, parameters, figures, problems; edits go to the document at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from designer.document import DocState
from designer.document.geometry import Sizes
from designer.document.ports import layer_class, title_of
from designer.document.verbs.fixes import apply_fix
from designer.document.verbs.nodes import rename, set_frozen, set_muted
from designer.document.verbs.params import param_value, set_param
from designer.inspector.param_form import ParamForm
from designer.inspector.paths import Path, common, ordered, with_path
from designer.inspector.problem_card import ProblemCard
from designer.inspector.sharing_row import SharingRow
from designer.inspector.words import explained, figures_text, formula
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from engine.analysis import Problem
from engine.declare import Param, ParamError, Value
from engine.graph import Node
from engine.layers import Fix
from widgets import tokens
from widgets.fields import HelpButton, TextField, Toggle
from widgets.i18n import tr, tr_declared


def set_nested(state: DocState, ids: tuple[str, ...], path: Path, value: Value) -> DocState:
    """The parameter that ``path`` names, of all these nodes; a nested one only where the same type is chosen."""
    for node_id in ids:
        node = state.graph.nodes[node_id]
        found = layer_class(node.type)
        if found is None or path[0] not in found.params:
            continue
        new = with_path(found.params[path[0]], param_value(node, path[0]), path[1:], value)
        state = set_param(state, (node_id,), path[0], new)
    return state


class NodeForm(QWidget):
    """Shows what ``selection`` holds. ``sizes`` gives the cards' sizes for fixes that insert a layer."""

    def __init__(self, store: Store, selection: Selection, analyst: Analyst, sizes: Callable[[], Sizes] = dict) -> None:
        super().__init__()
        self.store, self.selection, self.analyst, self.sizes = store, selection, analyst, sizes
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(tokens.SPACE_4, tokens.SPACE_3, tokens.SPACE_2, tokens.SPACE_4)
        self._column.setSpacing(tokens.SPACE_2)
        self._build_head()
        self.form = ParamForm()
        self.form.edited.connect(self._edit)
        self._column.addWidget(self.form)
        self._build_flags()
        self._build_figures()
        self._cards = QVBoxLayout()
        self._cards.setSpacing(tokens.SPACE_2)
        self._shown_problems: tuple[Problem, ...] = ()
        self._column.addLayout(self._cards)
        self._foot = QVBoxLayout()
        self._column.addLayout(self._foot)
        self._column.addStretch(1)

    def _build_head(self) -> None:
        self.name = TextField("", check=self._name_refusal)
        self.name.edit.setProperty("flat", True)
        self.name.setAccessibleName(tr("Name"))
        self.name.value_changed.connect(self._rename)
        self.title = QLabel()
        tokens.on_theme(self, self._restyle)
        self.help = HelpButton("")
        line = QHBoxLayout()
        line.setSpacing(tokens.SPACE_1)
        line.addWidget(self.name, 1)
        line.addWidget(self.title, 1)
        line.addWidget(self.help, 0, Qt.AlignmentFlag.AlignTop)
        self.formula = QLabel()
        self.formula.setProperty("role", "caption")
        self.formula.setWordWrap(True)
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.addLayout(line)
        self._column.addWidget(self.formula)
        self._head = QVBoxLayout()
        self._column.addLayout(self._head)
        self._column.addSpacing(tokens.SPACE_1)

    def _restyle(self) -> None:
        for widget in (self.name.edit, self.title):
            widget.setFont(tokens.font("title", bold=True))

    def _build_flags(self) -> None:
        self.frozen = Toggle(tr("Frozen: its weights are not trained"))
        self.muted = Toggle(tr("Muted: passes its input through"))
        self.frozen.value_changed.connect(
            lambda on: self.store.attempt(tr("Freeze") if on else tr("Unfreeze"), set_frozen, self.ids, bool(on))
        )
        self.muted.value_changed.connect(
            lambda on: self.store.attempt(tr("Mute") if on else tr("Unmute"), set_muted, self.ids, bool(on))
        )
        self.sharing = SharingRow(self.store, self.analyst)
        self._column.addWidget(self.sharing)
        self._column.addWidget(self.frozen)
        self._column.addWidget(self.muted)

    def _build_figures(self) -> None:
        self.figures, self.explanation = QLabel(), QLabel()
        for label in (self.figures, self.explanation):
            label.setProperty("role", "caption")
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._column.addWidget(label)

    def show_live(self, head: QWidget, foot: QWidget) -> None:
        """What others say of the selected layer: below its name, and below its form."""
        self._head.addWidget(head)
        self._foot.addWidget(foot)

    @property
    def ids(self) -> tuple[str, ...]:
        """The selected nodes."""
        return self.selection.nodes

    def refresh(self) -> None:
        """Brings everything up to date with document, selection and analysis."""
        nodes = [self.store.state.graph.nodes[n] for n in self.ids]
        if not nodes:
            return
        self._show_head(nodes)
        declared = self._declared(nodes)
        self.form.show_params(declared, {k: [param_value(n, k) for n in nodes] for k in declared})
        self._show_flags(nodes)
        self._show_figures(nodes)
        self._show_problems(nodes)

    def _declared(self, nodes: list[Node]) -> dict[str, Param]:
        classes = [layer_class(n.type) for n in nodes]
        if any(c is None for c in classes):
            return {}
        return common({c.id: ordered(c) for c in classes if c is not None}.values())

    def _show_head(self, nodes: list[Node]) -> None:
        one = len(nodes) == 1
        self.name.setVisible(one)
        self.title.setVisible(not one)
        types = list(dict.fromkeys(n.type for n in nodes))
        if one:
            self.name.show_value(nodes[0].name)
        else:
            self.title.setText(tr("{count} layers", count=len(nodes)))
        found = layer_class(types[0]) if len(types) == 1 else None
        if found is None:
            self.formula.setText(", ".join(tr_declared(title_of(t)) for t in types))
            self.help.show_text("")
            return
        law, rest = formula(found.__doc__)
        self.formula.setText(f"{tr_declared(found.title)}: {law}")
        self.help.show_text(rest)

    def _show_flags(self, nodes: list[Node]) -> None:
        self.sharing.show_nodes(nodes)
        figures = [self.analyst.analysis.nodes.get(n.id) for n in nodes]
        self.frozen.setVisible(any(f is not None and f.parameters for f in figures) or any(n.frozen for n in nodes))
        self.muted.setVisible(all(n.type not in ("input", "output") for n in nodes))
        for toggle, values in ((self.frozen, {n.frozen for n in nodes}), (self.muted, {n.muted for n in nodes})):
            if len(values) == 1:
                toggle.show_value(values.pop())
            else:
                toggle.show_mixed()

    def _show_figures(self, nodes: list[Node]) -> None:
        found = [self.analyst.analysis.nodes.get(n.id) for n in nodes]
        if len(nodes) == 1:
            self.figures.setText(figures_text(found[0]))
            self.explanation.setText(explained(found[0]))
        else:
            total = sum(f.parameters for f in found if f is not None)
            self.figures.setText(tr("{count} parameters together", count=f"{total:,}"))
            self.explanation.setText("")
        self.explanation.setVisible(bool(self.explanation.text()))

    def _show_problems(self, nodes: list[Node]) -> None:
        by_node: Mapping[str, tuple[Problem, ...]] = self.analyst.analysis.by_node
        problems = tuple(p for n in nodes for p in by_node.get(n.id, ()))
        if problems == self._shown_problems:
            return
        self._shown_problems = problems
        while item := self._cards.takeAt(0):
            card = item.widget()
            card.hide()
            card.deleteLater()
        for problem in problems:
            new = ProblemCard(problem)
            new.fix_wanted.connect(self.fix)
            self._cards.addWidget(new)

    def fix(self, problem: Problem, fix: Fix) -> None:
        """One fix as one undo step."""
        self.store.attempt(tr_declared(fix.label), apply_fix, problem.node, problem.port, fix, self.sizes())

    def _edit(self, path: Path, value: Value, gesture: object) -> None:
        row = self.form.rows[path[0]]
        label = tr_declared(row.param.label)
        try:
            self.store.apply(tr("Set {name}", name=label), set_nested, self.ids, path, value, gesture=gesture)
        except ParamError as refusal:
            shown = row.editor
            if hasattr(shown, "show_error"):
                shown.show_error(tr("expected {expected}", expected=refusal.expected))

    def _name_refusal(self, text: str) -> str:
        name = " ".join(text.split())
        if not name:
            return tr("a layer needs a name")
        taken = any(n.name == name and n.id not in self.ids for n in self.store.state.graph.nodes.values())
        return tr("another layer has this name") if taken else ""

    def _rename(self, name: object) -> None:
        if len(self.ids) == 1 and not self.store.attempt(tr("Rename"), rename, self.ids[0], str(name)):
            self.refresh()
