"""The doctor: what ails the training, with numbers, causes and remedies; calm words where nothing does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from designer.document import DocState
from designer.document.verbs.doctor_fixes import apply_remedy
from designer.panels.finding_card import FindingCard
from designer.panels.trial_view import TrialView
from designer.session.bridge import Bridge
from designer.session.examinations import Examinations
from designer.session.store import Store
from designer.session.trial import Trial
from engine.layers import Fix
from engine.probes.evidence import Card
from engine.training.examination import Report
from widgets import tokens
from widgets.i18n import language_changed, tr, tr_declared


class DoctorPanel(QScrollArea):
    """``layer_clicked(node)`` one layer, ``layers_wanted(nodes)`` all of a card, ``why_wanted(panel)``
    the one that shows more."""

    layer_clicked = Signal(str)
    layers_wanted = Signal(object)
    why_wanted = Signal(str)

    def __init__(self, store: Store, bridge: Bridge, examinations: Examinations, trial: Trial) -> None:
        super().__init__()
        self.store, self.bridge, self.examinations, self.trial = store, bridge, examinations, trial
        self.in_front = True
        self.cards: dict[str, FindingCard] = {}
        self.trial_view: TrialView | None = None
        self._applied: Fix | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._build()
        examinations.watchers.append(self.watching)
        examinations.changed.connect(self.refresh)
        bridge.stale_changed.connect(lambda _: self.refresh())
        bridge.state_changed.connect(lambda _: self.refresh())
        store.changed.connect(self._edited)
        language_changed.connect(self._retranslate)
        self.refresh()

    def _build(self) -> None:
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_2, tokens.SPACE_3, tokens.SPACE_2)
        self._column.setSpacing(tokens.SPACE_2)
        self.note, self.calm, self.checked, self.footer = (QLabel() for _ in range(4))
        tokens.on_theme(self.calm, lambda: self.calm.setFont(tokens.font("title", bold=True)))
        self.note.setProperty("role", "warning")
        self.checked.setProperty("role", "secondary")
        self.footer.setProperty("role", "caption")
        self.again = QPushButton()
        self.again.setProperty("primary", True)
        self.again.clicked.connect(self._start_again)
        row = QHBoxLayout()
        row.setSpacing(tokens.SPACE_2)
        row.addWidget(self.note, 1)
        row.addWidget(self.again)
        self._column.addLayout(row)
        for label in (self.note, self.calm, self.checked, self.footer):
            label.setWordWrap(True)
            if label is not self.note:
                self._column.addWidget(label)
        self._column.insertStretch(3, 1)
        self.setWidget(page)

    def watching(self) -> bool:
        """Whether it can be seen; ``in_front`` is kept by the dock, which knows of tabs."""
        return self.in_front and self.isVisible() and not self.window().isMinimized()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.examinations.consider()

    def _retranslate(self) -> None:
        self._end_trial()
        self._drop(set(self.cards))
        self.refresh()

    # ------------------------------------------------------------------ findings

    def refresh(self) -> None:
        """Cards, calm words and footer of the last look."""
        report = self.examinations.report
        found = {c.rule: self._usable(c) for c in report.cards} if report is not None else {}
        tried = self._tried()
        self._drop({rule for rule in self.cards if rule not in found and rule != tried})
        names = {k: n.name for k, n in self.store.state.graph.nodes.items()}
        for place, (rule, card) in enumerate(found.items()):
            shown = self.cards.get(rule)
            if shown is None:
                shown = self.cards[rule] = self._made(FindingCard(card, names))
            else:
                shown.show_card(card, names)
            self._column.removeWidget(shown)
            self._column.insertWidget(1 + place, shown)
            shown.allow_trials(not self.bridge.stale)
        self._show_words(report, bool(found))

    def _usable(self, card: Card) -> Card:
        """Without remedies that would change nothing: the network already is so."""
        return replace(card, fixes=tuple(f for f in card.fixes if self._changes(f)))

    def _changes(self, fix: Fix) -> bool:
        try:
            apply_remedy(self.store.state, fix)
        except ValueError:
            return False
        return True

    def _made(self, card: FindingCard) -> FindingCard:
        card.layer_clicked.connect(self.layer_clicked)
        card.layers_wanted.connect(self._light)
        card.why_wanted.connect(self.why_wanted)
        card.try_wanted.connect(lambda fix: self._try(card, fix))
        card.apply_wanted.connect(self._apply)
        return card

    def _drop(self, rules: set[str]) -> None:
        for rule in rules:
            card = self.cards.pop(rule)
            card.hide()
            self._column.removeWidget(card)
            card.deleteLater()

    def _light(self, layers: tuple[str, ...]) -> None:
        there: Mapping[str, object] = self.store.state.graph.nodes
        if layers:
            self.layers_wanted.emit(tuple(n for n in layers if n in there))

    def _show_words(self, report: Report | None, found: bool) -> None:
        if not found or self.bridge.state.busy:
            self._applied = None
        note = self._note_words(found)
        self.note.setVisible(bool(note))
        self.note.setText(note)
        self.again.setVisible(self._applied is not None)
        self.again.setText(tr("Start again"))
        self.calm.setVisible(not found)
        self.checked.setVisible(not found)
        self.footer.setVisible(report is not None)
        if report is None:
            self.calm.setText(tr("Not looked yet"))
            self.checked.setText(tr("Press Run or Step: the doctor looks at the network while it trains."))
            return
        if report.problem:
            self.calm.setText(tr("The doctor could not look"))
            self.checked.setText(report.problem)
        else:
            self.calm.setText(tr("Nothing to report"))
            self.checked.setText(checked_words())
        self.footer.setText(self._cost_words(report))

    def _note_words(self, found: bool) -> str:
        if self._applied is not None:
            fix = tr_declared(self._applied.label)
            return tr("Done: {fix}. What is said below is of the training before.", fix=fix)
        if self.bridge.stale and found:
            return tr("These findings are of the network before your last edit. Press Run; new ones follow.")
        return ""

    def _edited(self, old: DocState, new: DocState) -> None:
        if old.graph is not new.graph or old.training is not new.training or old.data is not new.data:
            self._applied = None
            self.refresh()

    def _cost_words(self, report: Report) -> str:
        rest = max(self.examinations.rest, 1e-9)
        return tr(
            "Looked after step {step}; a look takes {cost:.0f} ms, at most one every {rest:.1f} s: {share:.1%} of the "
            "time.",
            step=f"{report.step:,}", cost=report.cost * 1000, rest=rest, share=report.cost / (report.cost + rest),
        )  # fmt: skip

    # ------------------------------------------------------------------ remedies

    def _tried(self) -> str:
        """The rule whose remedy is on show, ""."""
        view = self.trial_view
        return next((rule for rule, card in self.cards.items() if view is not None and card.isAncestorOf(view)), "")

    def _try(self, card: FindingCard, fix: Fix) -> None:
        self._end_trial()
        try:
            changed = apply_remedy(self.store.state, fix)
        except ValueError as refusal:
            self.store.refused.emit(refusal)
            return
        run = self.bridge.frame.epochs
        self.trial.start(changed, len(run))
        view = self.trial_view = TrialView(fix, run, self.trial)
        view.apply_wanted.connect(self._apply)
        view.dismissed.connect(self._end_trial)
        card.body.addWidget(view)
        # Once the card has grown: what was asked for is to be seen, its verdict first.
        QTimer.singleShot(50, view, lambda: self.ensureWidgetVisible(view, 0, 0))

    def _end_trial(self) -> None:
        self.trial.cancel()
        view, self.trial_view = self.trial_view, None
        if view is not None:
            view.hide()
            view.deleteLater()

    def _apply(self, fix: Fix) -> None:
        if self.store.attempt(tr_declared(fix.label), apply_remedy, fix):
            self._end_trial()
            self._applied = fix
            self.refresh()
            self.verticalScrollBar().setValue(0)

    def _start_again(self) -> None:
        """From the initial weights, where an edit would not begin there anyway: what has died stays dead."""
        if not self.bridge.stale and self.bridge.session is not None:
            self.bridge.reset()
        self.bridge.run()


def checked_words() -> str:
    """What a quiet doctor has looked at."""
    return tr(
        "Checked: vanishing, exploding and missing gradients, saturated and dead units, size of the updates, the "
        "stable limit of the learning rate, first loss, overfitting, underfitting, plateaus, labels, scale of the "
        "inputs, balance of the classes, batch norm with tiny batches, loss and last activation."
    )
