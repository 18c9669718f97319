"""The selected layer while it trains: what the doctor says of it, and every figure with its formula behind it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from designer.inspector.problem_card import Card as Box
from designer.session.examinations import Examinations
from designer.session.feeding import Feeder
from designer.session.frame import Frame
from designer.session.selection import Selection
from engine.layers import WeightInfo
from engine.probes import LayerStats
from engine.probes.evidence import Card
from widgets import tokens
from widgets.i18n import language_changed, tr, tr_declared


class Row(NamedTuple):
    """``tone``: "", "warning" or "error"; ``formula`` is behind the row, with the values in it."""

    name: str
    value: str
    formula: str
    tone: str = ""


class Findings(QWidget):
    """The doctor's findings that light the selected layer, one line each; a click opens the doctor."""

    wanted = Signal()

    def __init__(self, selection: Selection, examinations: Examinations) -> None:
        super().__init__()
        self.selection, self.examinations = selection, examinations
        self.boxes: list[Box] = []
        self._shown: tuple[Card, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(tokens.SPACE_1)
        selection.changed.connect(self.refresh)
        examinations.changed.connect(self.refresh)
        language_changed.connect(self._again)
        self.refresh()

    def refresh(self) -> None:
        """Those of the last look."""
        report, node = self.examinations.report, self.selection.current
        found = tuple(c for c in report.cards if node in c.layers) if report is not None else ()
        if [(c.rule, c.severity) for c in found] == [(c.rule, c.severity) for c in self._shown]:
            return
        self._shown = found
        for box in self.boxes:
            box.hide()
            self._column.removeWidget(box)
            box.deleteLater()
        self.boxes = [self._box(c) for c in found]
        self.setVisible(bool(found))

    def _again(self) -> None:
        self._shown = ()
        self.refresh()

    def _box(self, card: Card) -> Box:
        box = Box("error" if card.severity == "alarm" else "warning")
        words = tr("Doctor: {finding}", finding=tr_declared(card.title))
        label = QLabel(words)
        label.setWordWrap(True)
        box.body.addWidget(label)
        box.setToolTip(tr("Shows the evidence and what helps"))
        box.setAccessibleName(words)
        box.clicked.connect(self.wanted)
        self._column.addWidget(box)
        return box


class LiveCard(QWidget):
    """A live view (see feeding.LiveView) of the one selected layer."""

    wants: frozenset[Any] = frozenset({"layers", "percentiles"})

    def __init__(self, selection: Selection, feeder: Feeder) -> None:
        super().__init__()
        self.selection, self.feeder = selection, feeder
        self.seen = Frame()
        self.title, self.footer = QLabel(), QLabel()
        tokens.on_theme(self.title, lambda: self.title.setFont(tokens.font("body", bold=True)))
        self.footer.setProperty("role", "caption")
        self.footer.setWordWrap(True)
        self.rows: list[tuple[QLabel, QLabel]] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.SPACE_2)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, tokens.SPACE_2, 0, 0)
        column.setSpacing(tokens.SPACE_1)
        column.addWidget(self.title)
        column.addLayout(self._grid)
        column.addWidget(self.footer)
        selection.changed.connect(self._follow)
        language_changed.connect(self.refresh)
        self._follow()

    @property
    def node(self) -> str:
        """The one layer that is selected, ""."""
        chosen = self.selection.nodes
        return chosen[0] if len(chosen) == 1 else ""

    def watching(self) -> bool:
        """Whether it can be seen, or would be if it had something to say."""
        above = self.parentWidget()
        return bool(self.node) and above is not None and above.isVisible() and not self.window().isMinimized()

    def take(self, frame: Frame) -> None:
        """One frame."""
        before, self.seen = self.seen, frame
        if frame.snapshot is not before.snapshot or frame.run != before.run:
            self.refresh()

    def _follow(self) -> None:
        self.feeder.layer = self.node
        self.refresh()

    def refresh(self) -> None:
        """Figures of the last frame; nothing where the layer has no weights or was not looked at."""
        snapshot = self.seen.snapshot
        found = next((s for s in snapshot.layers if s.node == self.node), None) if snapshot is not None else None
        self.setVisible(found is not None)
        if found is None or snapshot is None:
            return
        plan = self.seen.plan
        kernels = tuple(w for w in plan.weights if w.node == found.node and w.is_kernel) if plan is not None else ()
        self.title.setText(tr("This layer now"))
        self._fill(rows_of(found, kernels))
        self.footer.setText(
            tr("step {step}; this look took {cost:.1f} ms", step=f"{snapshot.step:,}", cost=snapshot.cost * 1000)
        )

    def _fill(self, rows: list[Row]) -> None:
        while len(self.rows) < len(rows):
            pair = QLabel(), QLabel()
            pair[0].setProperty("role", "secondary")
            for place, label in enumerate(pair):
                self._grid.addWidget(label, len(self.rows), place)
            self.rows.append(pair)
        for (name, value), row in zip(self.rows, rows, strict=False):
            name.setText(row.name)
            value.setText(row.value)
            if value.property("role") != row.tone:
                value.setProperty("role", row.tone)
                value.style().polish(value)
            for label in (name, value):
                label.setToolTip(row.formula)
        for k, pair in enumerate(self.rows):
            for label in pair:
                label.setVisible(k < len(rows))


def rows_of(s: LayerStats, kernels: tuple[WeightInfo, ...]) -> list[Row]:
    """Every figure that is known of a layer, with the formula and the values in it."""
    low, middle, high = s.activation_percentiles
    steady = s.update_ratio == 0 or 1e-4 <= s.update_ratio <= 1e-2
    fields = [
        (tr("back-propagated"), s.delta_rms, "RMS(dL/dz) = {value:.4g}, " + tr("one sample's scale"), ""),
        (tr("weight gradient"), s.weight_grad_rms, _gradient(s), ""),
        (tr("bias gradient"), s.bias_grad_norm, "|dL/db| = {value:.4g}: " + tr("its speed of learning"), ""),
        (tr("penalty's gradient"), s.penalty_grad_rms, "RMS(L2 W + L1 sign W) = {value:.4g}", ""),
        (tr("update : weight"), s.update_ratio, _update(s), _tone(steady)),
        (tr("gradient : weight"), s.gradient_ratio, "RMS(dL/dW) / RMS(W) = {value:.4g}", ""),
    ]
    rows = [Row(n, f"{v:.2e}", t.format(value=v), tone) for n, v, t, tone in fields if not math.isnan(v)]
    mean, sd = s.activation_mean, s.activation_sd
    rows.append(Row(tr("activation"), f"{mean:.3g} ± {sd:.3g}", tr("mean and standard deviation over batch and units")))
    if not math.isnan(middle):
        words = tr("2nd, 50th and 98th percentile of the activation")
        rows.append(Row(tr("percentiles"), f"{low:.3g} | {middle:.3g} | {high:.3g}", words))
    for name, share, words in (
        (tr("saturated"), s.saturation, tr("share of the activation in its flat ends")),
        (tr("dead"), s.dead, tr("share of the units that are zero on the whole batch")),
    ):
        if not math.isnan(share):
            rows.append(Row(name, f"{share:.1%}", words, _tone(share <= 0.1)))
    if kernels:
        square = s.weight_rms**2
        fans = kernels[0].fan_in * square, kernels[0].fan_out * square
        words = tr("fan-in and fan-out times mean W^2: 1 suits tanh (Xavier), 2 suits ReLU (He)")
        rows.append(Row(tr("variance factors"), f"{fans[0]:.3g} | {fans[1]:.3g}", words))
    return rows


def _gradient(s: LayerStats) -> str:
    return f"RMS(dL/dW) = {s.weight_grad_rms:.4g}, |dL/dW| = {s.weight_grad_norm:.4g}"


def _update(s: LayerStats) -> str:
    return f"RMS(step) / RMS(W) = {s.update_ratio * s.weight_rms:.3g} / {s.weight_rms:.3g}; " + tr(
        "usual is 10^-4 to 10^-2"
    )


def _tone(fine: bool) -> str:
    return "" if fine else "warning"


def live_parts(
    selection: Selection, feeder: Feeder, examinations: Examinations, open_doctor: Callable[[], None]
) -> tuple[Findings, LiveCard]:
    """Both, connected: for the inspector's head and foot."""
    findings, card = Findings(selection, examinations), LiveCard(selection, feeder)
    findings.wanted.connect(open_doctor)
    feeder.attach(card)
    return findings, card
