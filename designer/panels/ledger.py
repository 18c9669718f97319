"""The ledger of dead units as a table: each ReLU, how many of its units are dead, and when each of them died."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.document.verbs.nodes import change_type
from designer.document.verbs.params import set_param
from designer.session.examinations import Examinations
from designer.session.store import Store
from engine.declare import Spec
from engine.probes.ledger import Death, LayerLedger
from engine.training.examination import Report
from engine.training.revive import revive
from widgets import tokens
from widgets.fields import HelpButton
from widgets.i18n import language_changed, tr
from widgets.tokens import theme

#: units listed below a layer; the row above counts them all
MOST = 200
NODE = Qt.ItemDataRole.UserRole


class LedgerPanel(QWidget):
    """``layer_clicked(node)``. A button gives the chosen layer a slope below zero, so that its units can come back."""

    layer_clicked = Signal(str)

    def __init__(self, store: Store, examinations: Examinations) -> None:
        super().__init__()
        self.store, self.examinations = store, examinations
        self.in_front = True
        self._shown: tuple[LayerLedger, ...] | None = None
        self.tree, self.words, self.footer = QTreeWidget(), QLabel(), QLabel()
        self.leaky, self.anew, self.help = QPushButton(), QPushButton(), HelpButton("")
        self._build()
        self.tree.itemClicked.connect(lambda item, _: self.layer_clicked.emit(item.data(0, NODE)))
        self.tree.currentItemChanged.connect(lambda *_: self._offer())
        self.leaky.clicked.connect(self._make_leaky)
        self.anew.clicked.connect(self._begin_anew)
        examinations.watchers.append(self.watching)
        examinations.changed.connect(self.refresh)
        store.changed.connect(lambda old, new: self._renew() if old.graph is not new.graph else None)
        language_changed.connect(self._retranslate)
        self._retranslate()

    def _build(self) -> None:
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setUniformRowHeights(True)
        self.tree.setColumnCount(4)
        head = self.tree.header()
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setStretchLastSection(True)
        self.words.setWordWrap(True)
        self.words.setProperty("role", "secondary")
        self.footer.setProperty("role", "caption")
        self.footer.setWordWrap(True)
        row = QHBoxLayout()
        row.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, tokens.SPACE_1)
        row.addWidget(self.words, 1)
        row.addWidget(self.anew)
        row.addWidget(self.leaky)
        row.addWidget(self.help)
        self.footer.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_3, tokens.SPACE_1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.tree, 1)
        column.addWidget(self.footer)

    def watching(self) -> bool:
        """Whether it can be seen; ``in_front`` is kept by the dock, which knows of tabs."""
        return self.in_front and self.isVisible() and not self.window().isMinimized()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.examinations.consider()

    def _retranslate(self) -> None:
        self.tree.setHeaderLabels([tr("Layer"), tr("Dead"), tr("Died at step"), tr("Came back")])
        self.anew.setText(tr("Begin anew"))
        self.anew.setToolTip(
            tr("Draws new weights for the dead units of this layer while training goes on; it is kept in the run's log")
        )
        self.leaky.setText(tr("Leaky ReLU here"))
        self.leaky.setToolTip(tr("A small slope below zero lets gradient reach units that are off; one undo step"))
        self.help.show_text(
            tr(
                "ReLU units that are zero on every sample looked at, and between which steps they stopped firing. A "
                "dead unit gets no gradient and rarely comes back; a healthy network has none, or few."
            )
        )
        self._renew()

    def _renew(self) -> None:
        self._shown = None
        self.refresh()

    # ------------------------------------------------------------------ the table

    def refresh(self) -> None:
        """The book of the last look."""
        report = self.examinations.report
        books = report.ledger if report is not None else ()
        self._show_words(report, books)
        if books != self._shown:
            self._shown = books
            self._fill(books)
        self._offer()

    def _show_words(self, report: Report | None, books: tuple[LayerLedger, ...]) -> None:
        self.tree.setVisible(bool(books))
        self.footer.setVisible(report is not None and bool(books))
        if report is None:
            self.words.setText(tr("Press Run or Step: dead units are listed here, with the step at which they died."))
        elif not books:
            self.words.setText(tr("No layer has a ReLU, so no unit can die."))
        else:
            dead, units = sum(len(b.deaths) for b in books), sum(b.units for b in books)
            self.words.setText(tr("{dead} of {units} units are dead.", dead=dead, units=units))
            self.footer.setText(
                tr(
                    "Looked after step {step} with {samples} training samples; it took {cost:.0f} ms together with the "
                    "doctor.",
                    step=f"{report.step:,}",
                    samples=report.samples,
                    cost=report.cost * 1000,
                )
            )

    def _fill(self, books: tuple[LayerLedger, ...]) -> None:
        item = self.tree.currentItem()
        chosen = item.data(0, NODE) if item is not None else None
        opened = {i.data(0, NODE) for i in self._rows() if i.isExpanded()}
        self.tree.clear()
        nodes = self.store.state.graph.nodes
        for book in books:
            name = nodes[book.node].name if book.node in nodes else book.node
            row = QTreeWidgetItem([name, counted(book), when(book.deaths), str(book.revived) if book.revived else ""])
            row.setData(0, NODE, book.node)
            if book.share > 0.1:
                row.setForeground(1, tokens.color(theme().error if book.share > 0.5 else theme().warning))
            for death in book.deaths[:MOST]:
                below = QTreeWidgetItem([tr("unit {unit}", unit=death.unit + 1), "", interval(death), ""])
                below.setData(0, NODE, book.node)
                row.addChild(below)
            self.tree.addTopLevelItem(row)
            row.setExpanded(book.node in opened)
            if book.node == chosen:
                self.tree.setCurrentItem(row)

    def _rows(self) -> list[QTreeWidgetItem]:
        found = (self.tree.topLevelItem(k) for k in range(self.tree.topLevelItemCount()))
        return [row for row in found if row is not None]

    # ------------------------------------------------------------------ the remedy

    def _offer(self) -> None:
        item = self.tree.currentItem()
        node = self.store.state.graph.nodes.get(item.data(0, NODE)) if item is not None else None
        kind = None if node is None else node.params.get("activation")
        self.leaky.setEnabled(node is not None and (node.type == "relu" or kind == Spec("relu")))
        self.anew.setEnabled(node is not None and bool(self._dead(node.id)) and self._source(node.id) is not None)

    def _dead(self, node: str) -> list[int]:
        """Units of a layer that are dead by the last look, or the one unit that is chosen."""
        report, item = self.examinations.report, self.tree.currentItem()
        book = next((b for b in report.ledger if b.node == node), None) if report is not None else None
        if book is None or item is None:
            return []
        parent = item.parent()
        deaths = book.deaths if parent is None else (book.deaths[parent.indexOfChild(item)],)
        return [d.unit for d in deaths]

    def _source(self, node: str) -> str | None:
        """The layer whose kernel feeds this ReLU: itself, or the one before it; None during an edit that waits."""
        bridge = self.examinations.bridge
        plan = bridge.frame.plan
        if plan is None or bridge.session is None or bridge.stale:
            return None
        before = self.store.state.graph.incoming.get(node, ())
        near = [node, *(e.source for e in before)]
        return next((n for n in near if n in plan.layer_order), None)

    def _begin_anew(self) -> None:
        """A live command: the training thread does it between two steps."""
        item, session = self.tree.currentItem(), self.examinations.bridge.session
        if item is None or session is None:
            return
        node, units = item.data(0, NODE), self._dead(item.data(0, NODE))
        source = self._source(node)
        if source is not None and units:
            answer = session.ask(lambda t: revive(t, source, units))
            self.examinations.bridge.when(answer, lambda _: self.examinations.look_again())

    def _make_leaky(self) -> None:
        item = self.tree.currentItem()
        if item is None:
            return
        node = self.store.state.graph.nodes[item.data(0, NODE)]
        text = tr("Leaky ReLU in {name}", name=node.name)
        if node.type == "relu":
            self.store.attempt(text, change_type, (node.id,), "leaky_relu")
        else:
            self.store.attempt(text, set_param, (node.id,), "activation", Spec("leaky_relu"))


def counted(book: LayerLedger) -> str:
    """``12 of 64 (19 %)``."""
    return tr("{dead} of {units} ({share:.0%})", dead=len(book.deaths), units=book.units, share=book.share)


def when(deaths: tuple[Death, ...]) -> str:
    """The first and the last death."""
    if not deaths:
        return ""
    first, last = interval(deaths[0]), interval(deaths[-1])
    return first if first == last else tr("{first} to {last}", first=first, last=last)


def interval(death: Death) -> str:
    """``from the start``, or the steps between which it stopped firing: ``120-150``."""
    if death.alive_at < 0:
        return tr("from the start") if death.dead_at == 0 else tr("before {step}", step=f"{death.dead_at:,}")
    if death.dead_at - death.alive_at == 1:
        return f"{death.dead_at:,}"
    return f"{death.alive_at + 1:,}-{death.dead_at:,}"
