"""What the inspector says of a selected group: title, sums, and its layers, each a step inside."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from designer.document.ports import title_of
from designer.document.sheet import chosen_group
from designer.document.verbs import rename_group
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from widgets import tokens
from widgets.fields import TextField
from widgets.i18n import tr, tr_declared

#: more layers than this are counted, not listed
_LISTED = 12


class GroupHead(QWidget):
    """Hidden unless exactly one group is selected. ``reveal_wanted(node)``: a layer of it was clicked."""

    reveal_wanted = Signal(str)

    def __init__(self, store: Store, selection: Selection, analyst: Analyst) -> None:
        super().__init__()
        self.store, self.selection, self.analyst = store, selection, analyst
        self.group: str | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_4, tokens.SPACE_3, tokens.SPACE_2, tokens.SPACE_2)
        column.setSpacing(tokens.SPACE_2)
        self.name = TextField("", check=lambda text: "" if text.split() else tr("a group needs a name"))
        self.name.edit.setProperty("flat", True)
        self.name.setAccessibleName(tr("Name of the group"))
        self.name.value_changed.connect(self._rename)
        self.figures, self.layers = QLabel(), QLabel()
        for label in (self.figures, self.layers):
            label.setProperty("role", "caption")
            label.setWordWrap(True)
        self.layers.setTextFormat(Qt.TextFormat.RichText)
        self.layers.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.layers.linkActivated.connect(lambda link: self.reveal_wanted.emit(link.removeprefix("#")))
        self._buttons = QGridLayout()
        self._buttons.setSpacing(tokens.SPACE_1)
        self._titles: list[tuple[QPushButton, Callable[[], str]]] = []
        for widget in (self.name, self.figures, self.layers):
            column.addWidget(widget)
        column.addLayout(self._buttons)
        tokens.on_theme(self, self._restyle)
        self.hide()

    def _restyle(self) -> None:
        self.name.edit.setFont(tokens.font("title", bold=True))
        self.refresh()

    def offer(self, title: Callable[[], str], run: Callable[[], object]) -> None:
        """One more button: what the window can do with the group. ``title``: in the language in force."""
        button = QPushButton(title())
        button.clicked.connect(lambda: run())
        place = divmod(len(self._titles), 2)
        self._titles.append((button, title))
        self._buttons.addWidget(button, *place)

    def refresh(self) -> None:
        """Brings it up to date with selection, document and analysis."""
        state = self.store.state
        self.group = chosen_group(state, self.store.within, self.selection.nodes)
        self.setVisible(self.group is not None)
        if self.group is None:
            return
        for button, title in self._titles:
            button.setText(title())
        own = state.groups[self.group]
        members = [n for n in state.graph.order if n in set(own.members)]
        known = [a for n in members if (a := self.analyst.analysis.nodes.get(n)) is not None]
        trained = sum(a.trainable for a in known)
        self.name.show_value(own.title)
        self.figures.setText(
            tr(
                "Group of {count} layers: {parameters} parameters, of which {trained} are trained; "
                "{macs} multiply-adds per sample",
                count=len(members),
                parameters=f"{sum(a.parameters for a in known):,}",
                trained=f"{trained:,}",
                macs=f"{sum(a.macs for a in known):,}",
            )
        )
        style = f"color: {tokens.theme().accent}; text-decoration: none"
        rows = []
        for node in members[:_LISTED]:
            layer, shape = state.graph.nodes[node], self.analyst.analysis.output(node)
            told = tr_declared(title_of(layer.type)) + (f", {shape.text()}" if shape is not None else "")
            rows.append(f'<a href="#{node}" style="{style}">{_plain(layer.name)}</a>&nbsp; {_plain(told)}')
        if len(members) > _LISTED:
            rows.append(tr("and {count} more", count=len(members) - _LISTED))
        self.layers.setText("<br>".join(rows))

    def _rename(self, title: object) -> None:
        group = self.group
        if group is not None and not self.store.attempt(tr("Rename"), rename_group, group, str(title)):
            self.refresh()


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
