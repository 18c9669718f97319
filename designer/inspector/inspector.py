"""The inspector: the selected nodes' form, or training and data while nothing is selected."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from designer.document import DocState
from designer.document.geometry import Sizes
from designer.inspector.group_head import GroupHead
from designer.inspector.node_form import NodeForm
from designer.inspector.setup_form import DataForm, TrainingForm
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from widgets import tokens
from widgets.fields import Segmented
from widgets.i18n import language_changed, tr

NODE, TRAINING, DATA = 0, 1, 2


class Inspector(QWidget):
    """``show_setup("training" | "data")`` brings one of the set-up forms to the front."""

    def __init__(self, store: Store, selection: Selection, analyst: Analyst, sizes: Callable[[], Sizes] = dict) -> None:
        super().__init__()
        self.store, self.selection, self.analyst, self.sizes = store, selection, analyst, sizes
        self.switch = Segmented(self._tabs(), "training")
        self.switch.value_changed.connect(lambda _: self._show_page())
        self.bar = QWidget()
        line = QHBoxLayout(self.bar)
        line.setContentsMargins(tokens.SPACE_4, tokens.SPACE_3, tokens.SPACE_2, 0)
        line.addWidget(self.switch)
        line.addStretch(1)
        self.pages = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        self.group = GroupHead(store, selection, analyst)
        column.addWidget(self.group)
        column.addWidget(self.pages, 1)
        self.node, self.training, self.data = (
            NodeForm(store, selection, analyst, sizes),
            TrainingForm(store),
            DataForm(store),
        )
        for page in (self.node, self.training, self.data):
            self.pages.addWidget(_scrolled(page))
        self._live: tuple[QWidget, QWidget] | None = None
        selection.changed.connect(self._show_page)
        analyst.changed.connect(lambda _: self._refresh_node())
        store.changed.connect(self._follow)
        language_changed.connect(self.retranslate)
        self._show_page()

    def show_live(self, head: QWidget, foot: QWidget) -> None:
        """Widgets about the selected layer, kept when the form is built anew."""
        self._live = (head, foot)
        self.node.show_live(head, foot)

    @staticmethod
    def _tabs() -> list[tuple[str, str]]:
        return [("training", tr("Training")), ("data", tr("Data"))]

    def show_setup(self, which: str) -> None:
        """Nothing selected, and that form in front."""
        self.selection.clear()
        self.switch.show_value(which)
        self._show_page()

    def _show_page(self) -> None:
        selected = bool(self.selection.nodes)
        self.bar.setVisible(not selected)
        page = NODE if selected else TRAINING if self.switch.value() == "training" else DATA
        self.pages.setCurrentIndex(page)
        self._refresh_node()

    def _refresh_node(self) -> None:
        self.group.refresh()
        if self.selection.nodes:
            self.node.refresh()

    def _follow(self, old: DocState, new: DocState) -> None:
        if old.training is not new.training:
            self.training.refresh()
        if old.data is not new.data:
            self.data.refresh()
        if old.groups is not new.groups:
            self.group.refresh()

    def retranslate(self) -> None:
        """Texts in the language in force; the node's form is built anew."""
        self.switch.show_labels(self._tabs())
        self.training.retranslate()
        self.data.retranslate()
        old = self.pages.widget(NODE)
        self.node = NodeForm(self.store, self.selection, self.analyst, self.sizes)
        if self._live is not None:
            self.node.show_live(*self._live)
        self.pages.insertWidget(NODE, _scrolled(self.node))
        self.pages.removeWidget(old)
        old.deleteLater()
        self._show_page()


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    return area
