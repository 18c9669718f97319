"""A finding of the doctor as a card: what, the numbers, why, who described it, the layers, and what to try."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from designer.inspector.problem_card import Card as Box
from designer.inspector.registries import option
from engine.layers import Fix
from engine.probes.evidence import Card
from widgets import icons, tokens
from widgets.i18n import tr, tr_declared
from widgets.tokens import theme

#: findings that another panel shows in full: the stacked bars of the autopsy, or the ledger of dead units
EXPLAINED = {
    "vanishing_gradient": "autopsy",
    "exploding_gradient": "autopsy",
    "no_gradient": "autopsy",
    "dead_units": "ledger",
}


def formatted(template: str, card: Card) -> str:
    """The translated template with the card's numbers; the English one where a translation has a slip."""
    values = {k: _titled(k, v) for k, v in card.values.items()}
    try:
        return tr_declared(template).format(**values)
    except (KeyError, IndexError, ValueError):
        return template.format(**values)


def _titled(name: str, value: object) -> object:
    """An activation by its title, as everywhere in the window."""
    found = option("activations", value) if name in ("slope", "last") and isinstance(value, str) and value else None
    return tr_declared(found.title) if found is not None else value


class FindingCard(Box):
    """Signals carry what was asked for; ``show_card`` renews the numbers and keeps what is being tried."""

    layer_clicked = Signal(str)
    layers_wanted = Signal(object)
    try_wanted = Signal(object)
    apply_wanted = Signal(object)
    why_wanted = Signal(str)

    def __init__(self, card: Card, names: dict[str, str]) -> None:
        super().__init__("error" if card.severity == "alarm" else "warning")
        self.card, self.names = card, names
        self.title, self.evidence, self.cause, self.layers, self.source = (QLabel() for _ in range(5))
        self.tries: list[QPushButton] = []
        self.applies: list[QPushButton] = []
        self._fixes: tuple[Fix, ...] | None = None
        self._fix_rows = QVBoxLayout()
        self._fix_rows.setSpacing(tokens.SPACE_1)
        self._build()
        self.clicked.connect(lambda: self.layers_wanted.emit(self.card.layers))
        self.show_card(card, names)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(tokens.SPACE_2)
        mark = QLabel()
        mark.setFixedSize(tokens.ICON_SMALL, tokens.ICON_SMALL)
        alarm = self.card.severity == "alarm"
        mark.setAccessibleName(tr("Alarm") if alarm else tr("Warning"))
        shape = "circle-alert" if alarm else "triangle-alert"
        tokens.on_theme(mark, lambda: mark.setPixmap(icons.pixmap(shape, getattr(theme(), self.role))))
        tokens.on_theme(self.title, lambda: self.title.setFont(tokens.font("body", bold=True)))
        self.source.setProperty("role", "caption")
        dead = EXPLAINED.get(self.card.rule) == "ledger"
        self.why = QPushButton(tr("When?") if dead else tr("Why?"))
        self.why.setToolTip(
            tr("Shows which units are dead, and since when")
            if dead
            else tr("Shows where every decade of the gradient went")
        )
        self.why.clicked.connect(lambda: self.why_wanted.emit(EXPLAINED[self.card.rule]))
        head.addWidget(mark)
        head.addWidget(self.title, 1)
        head.addWidget(self.why)
        self.body.addLayout(head)
        self.cause.setProperty("role", "secondary")
        self.layers.setTextFormat(Qt.TextFormat.RichText)
        self.layers.linkActivated.connect(self.layer_clicked)
        for label in (self.evidence, self.cause, self.layers, self.source):
            label.setWordWrap(True)
            self.body.addWidget(label)
        self.body.addLayout(self._fix_rows)
        tokens.on_theme(self, self._show_layers)

    def show_card(self, card: Card, names: dict[str, str]) -> None:
        """The same finding with newer numbers."""
        self.card, self.names = card, names
        self.title.setText(tr_declared(card.title))
        self.evidence.setText(formatted(card.evidence, card))
        self.cause.setText(formatted(card.cause, card))
        self.source.setText(tr("Source: {source}", source=card.source))
        self.why.setVisible(card.rule in EXPLAINED)
        self._show_layers()
        if card.fixes != self._fixes:
            self._fixes = card.fixes
            self._show_fixes(card.fixes)

    def _show_layers(self) -> None:
        hue = theme().accent
        links = [
            f'<a href="{html.escape(n)}" style="color:{hue}; text-decoration:none">'
            f"{html.escape(self.names.get(n, n))}</a>"
            for n in self.card.layers
        ]
        self.layers.setText(tr("Layers:") + " " + ", ".join(links))
        self.layers.setVisible(bool(links))

    def _show_fixes(self, fixes: tuple[Fix, ...]) -> None:
        while (item := self._fix_rows.takeAt(0)) is not None:
            item.widget().hide()
            item.widget().deleteLater()
        self.tries, self.applies = [], []
        for k, fix in enumerate(fixes):
            self._fix_rows.addWidget(self._fix_row(fix, k == 0))

    def _fix_row(self, fix: Fix, first: bool) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(tokens.SPACE_1)
        text = QLabel(tr_declared(fix.label))
        text.setWordWrap(True)
        attempt, apply = QPushButton(tr("Try")), QPushButton(tr("Apply"))
        attempt.setProperty("primary", first)
        attempt.setToolTip(tr("Trains a copy with this change in the background and shows both losses"))
        apply.setToolTip(tr("Changes the document, as one step that Undo takes back"))
        for button, role in ((attempt, tr("Try")), (apply, tr("Apply"))):
            button.setAccessibleName(f"{role}: {text.text()}")
        attempt.clicked.connect(lambda: self.try_wanted.emit(fix))
        apply.clicked.connect(lambda: self.apply_wanted.emit(fix))
        self.tries.append(attempt)
        self.applies.append(apply)
        line.addWidget(text, 1)
        line.addWidget(attempt)
        line.addWidget(apply)
        return row

    def allow_trials(self, allowed: bool) -> None:
        """A trial is compared with the run: it needs one of the drawn network."""
        for button in self.tries:
            button.setEnabled(allowed)
