"""One chart for all layers: gradient, delta, update : weight ratio along the network."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal

from designer.panels.levels import levels_of, telling_quantity
from designer.panels.live import LivePanel, layer_names
from designer.session.examinations import Examinations
from designer.session.foresight import Foresight
from designer.session.frame import Frame, begun_again
from engine.probes import Snapshot
from widgets import tokens
from widgets.difference import DifferenceStrip, ratio
from widgets.fields import Choice
from widgets.i18n import tr
from widgets.layer_profile import Band
from widgets.predicted_profile import ForecastProfile, unbounded
from widgets.tokens import theme

EARLIER = 3


class ProfilePanel(LivePanel):
    """``layer_clicked(node_id)``. A drop-down chooses the quantity; until somebody does, the one that the doctor's
    gravest finding is told by is shown, so that chart and finding speak of the same."""

    wants = frozenset({"layers"})
    layer_clicked = Signal(str)

    def __init__(self, foresight: Foresight, examinations: Examinations | None = None) -> None:
        plot = ForecastProfile()
        super().__init__(plot)
        self.profile, self.foresight, self.examinations = plot, foresight, examinations
        #: whether somebody chose the quantity
        self.by_hand = False
        self.strip = DifferenceStrip(plot, names=True)
        column = self.layout()
        assert column is not None
        column.addWidget(self.strip)
        foresight.changed.connect(self.show_again)
        if examinations is not None:
            examinations.changed.connect(self._examined)
        self._before: Snapshot | None = None
        self._shown_run = self._shown_document = 0
        plot.layer_clicked.connect(self.layer_clicked)
        self.chooser = Choice()
        self.chooser.setFixedWidth(tokens.scaled(92))
        self.chooser.value_changed.connect(lambda _: self._chosen(by_hand=True))
        plot.tools.insertWidget(0, self.chooser)
        self.retranslate()

    @staticmethod
    def quantities() -> list[tuple[str, str]]:
        """Fields of LayerStats, in the order in which they are asked for."""
        return [
            ("delta_rms", tr("gradient dL/dz, RMS")),
            ("weight_grad_norm", tr("weight gradient dL/dW, l2 norm")),
            ("weight_grad_rms", tr("weight gradient dL/dW, RMS")),
            ("update_ratio", tr("update : weight")),
            ("gradient_ratio", tr("gradient : weight")),
            ("bias_grad_norm", tr("bias gradient, l2 norm")),
            ("z_rms", tr("pre-activation, RMS")),
            ("activation_sd", tr("activation, standard deviation")),
            ("saturation", tr("saturated share")),
            ("dead", tr("dead units, share")),
        ]

    @staticmethod
    def short_names() -> list[tuple[str, str]]:
        """The same for the drop-down, which has little room; the axis says it in full."""
        return [
            ("delta_rms", "dL/dz"),
            ("weight_grad_norm", "dL/dW"),
            ("weight_grad_rms", tr("dL/dW, RMS")),
            ("update_ratio", tr("update : weight")),
            ("gradient_ratio", tr("gradient : weight")),
            ("bias_grad_norm", tr("bias gradient")),
            ("z_rms", tr("pre-activation")),
            ("activation_sd", tr("activation spread")),
            ("saturation", tr("saturation")),
            ("dead", tr("dead units")),
        ]

    def words(self) -> tuple[str, str]:
        return tr("Gradient by layer"), tr(
            "One point per layer, input at the left, on a logarithmic axis; paler lines are earlier moments, the "
            "dashed one is predicted from initializers and activations, the ruler says how many layers a gradient "
            "reaches. A healthy network is nearly flat; a steep fall to the left means that the first layers learn "
            "nothing. Behind pooling the prediction takes all samples for alike, which real pictures are not quite."
        )

    def retranslate(self) -> None:
        super().retranslate()
        self.chooser.show_options(self.short_names())
        self._chosen()

    def _examined(self) -> None:
        """The doctor looked: its finding's own quantity, unless somebody chose one, and a ring on each layer named."""
        quantity = telling_quantity(self.examinations.report if self.examinations is not None else None)
        if quantity and not self.by_hand:
            self.chooser.show_value(quantity)
        self._chosen()

    def _chosen(self, *, by_hand: bool = False) -> None:
        self.by_hand = self.by_hand or by_hand
        self._show_axis()
        self.show_again()

    def _show_axis(self) -> None:
        name = str(self.chooser.value())
        self.profile.y_axis.show_label(dict(self.quantities())[name])
        bands = {
            "update_ratio": [
                Band(1e-2, math.inf, "warning", tr("too fast")),
                Band(0.0, 1e-4, "warning", tr("too slow")),
            ],
            "saturation": [Band(0.1, math.inf, "warning", tr("saturated"))],
            "dead": [Band(0.1, math.inf, "error", tr("dead"))],
        }
        self.profile.show_bands(bands.get(name, []))
        self.profile.gaps = name in ("saturation", "dead")  # of layers without such an activation

    def show_frame(self, new: Frame, old: Frame) -> None:
        self._remember(new, old)
        same = new.snapshot is old.snapshot and new.run == old.run and new.names is old.names
        if same and new.other is old.other and new.side == old.side:
            return
        quantity = str(self.chooser.value())
        label = dict(self.short_names())[quantity]
        if new.snapshot is None or not new.snapshot.layers:
            self._show_foreseen(new)
            return
        if old.snapshot is None or new.run != old.run:
            self._show_axis()
        ids, names = layer_names(new)
        series = {label: values_of(new.snapshot, ids, quantity)}
        self._show_forecast(ids, quantity, new)
        before = earlier_of(new.earlier, new.snapshot)
        earlier = {label: np.array([values_of(s, ids, quantity) for s in before])} if before else None
        line = self._foreseen(ids, quantity, np.asarray(series[label]))
        predicted = {label: line} if line is not None else None
        found = self.overlays.of(new)
        others = [(o.name, o.hue, values_of(o.latest, ids, quantity)) for o in found if o.latest is not None]
        compare = self._run_before(ids, quantity, label) if not others else None
        hue = theme().run_b if new.side == "B" else theme().run_a
        self.profile.own = (new.side or tr("now"), hue) if others else ("", "")
        self.profile.show_profile(
            ids, names, series, earlier=earlier, predicted=predicted, compare=compare, others=others,
            levels=levels_of(new.snapshot, self.examinations.report if self.examinations is not None else None),
        )  # fmt: skip
        self._show_difference(new, np.asarray(series[label]), others)

    def _show_difference(
        self, frame: Frame, own: np.ndarray, others: Sequence[tuple[str, str, Sequence[float]]]
    ) -> None:
        """log10 B / A at every layer that both have: the axis above is one of decades."""
        found = {}
        for name, hue, values in others:
            first, second = (values, own) if frame.side == "B" else (own, values)
            ratios = ratio(first, second)
            if np.isfinite(ratios).any():
                found[name] = (np.arange(len(own)), ratios, theme().secondary if frame.side else hue)
        self.strip.show_difference(found, tr("log10 B / A") if frame.side else tr("log10 run / now"))

    def _remember(self, new: Frame, old: Frame) -> None:
        """The last moment of the run before this one, for comparison; another document starts without one."""
        if new.document != self._shown_document:
            self._before, self._shown_document, self._shown_run = None, new.document, new.run
        if new.side or old.side:
            self._before, self._shown_run = None, new.run
        if new.run != self._shown_run or begun_again(new, old):
            if old.snapshot is not None and old.snapshot.layers and old.status is not None and old.status.step > 0:
                self._before = old.snapshot
            self._shown_run = new.run

    def _run_before(self, ids: Sequence[str], quantity: str, label: str) -> dict[str, np.ndarray] | None:
        if self._before is None:
            return None
        values = np.array(values_of(self._before, ids, quantity))
        return {label: values} if np.isfinite(values).any() else None

    def _show_foreseen(self, frame: Frame) -> None:
        """Before any step: the prediction alone; of gradients relative to the layer nearest the loss, unless the
        pre-activation is chosen."""
        ids = list(self.foresight.now.layers) if self.foresight.now is not None else []
        nothing = np.full(len(ids), math.nan)
        quantity = "z_rms" if self.chooser.value() == "z_rms" else "delta_rms"
        line = self._foreseen(ids, quantity, nothing)
        self._show_forecast(ids, quantity, frame)
        self.strip.show_difference({}, "")
        if line is None:
            self.plot.show_empty(tr("Press Run or Step: one backward pass fills this chart.") + self._unforeseen(frame))
            return
        forward = quantity == "z_rms"
        label = dict(self.quantities())[quantity] if forward else tr("gradient dL/dz, relative")
        self.profile.y_axis.show_label(label)
        self.profile.show_bands([])
        self.profile.show_profile(ids, [frame.name(n) for n in ids], {label: nothing}, predicted={label: line})

    def _unforeseen(self, frame: Frame) -> str:
        """Why no line is predicted."""
        now = self.foresight.now
        if now is None or now.prediction.unknown is None:
            return ""
        node, operation = now.prediction.unknown
        words = tr("What {operation} at {name} does to a gradient is not predicted.",
                   operation=operation.replace("_", " "), name=frame.name(node))  # fmt: skip
        why = reasons().get(now.prediction.reason)
        words = f"{words} {why}" if why else words
        return "\n" + words

    def _foreseen(self, ids: Sequence[str], quantity: str, measured: np.ndarray) -> np.ndarray | None:
        """The predicted pre-activation, or R per layer, scaled to the measurement nearest the loss; else None."""
        now = self.foresight.now
        if now is not None and quantity == "z_rms":
            known_q = {p.node: math.sqrt(p.q) for p in now.prediction.layers}
            return np.array([known_q.get(n, math.nan) for n in ids]) if known_q else None
        if now is None or quantity != "delta_rms":
            return None
        by_node = {p.node: p.gradient for p in now.prediction.layers}
        line = np.array([by_node.get(n, math.nan) for n in ids])
        known = np.flatnonzero(np.isfinite(line) & (line > 0))
        if not len(known):
            return None
        anchor = known[-1]
        height = measured[anchor] if np.isfinite(measured[anchor]) and measured[anchor] > 0 else 1.0
        return line * (height / line[anchor])

    def _show_forecast(self, ids: Sequence[str], quantity: str, frame: Frame) -> None:
        """Range of single networks, the trainable depth, and how far the prediction goes."""
        now = self.foresight.now
        if now is None or quantity not in ("z_rms", "delta_rms"):
            self.profile.show_forecast()
            self.profile.predicted_name = tr("predicted")
            return
        found = now.prediction
        known = {p.node: p for p in found.layers}
        low, high = np.full(len(ids), math.nan), np.full(len(ids), math.nan)
        for k, n in enumerate(ids):
            if quantity == "z_rms" and n in known:
                q, band = known[n].q, known[n].band
                low[k], high[k] = math.sqrt(max(q * (1 - band), 0.0)), math.sqrt(q * (1 + band))
        last = max((k for k, n in enumerate(ids) if n in known), default=-1)
        self.profile.predicted_name = tr("predicted")
        if found.unknown is not None:
            name = frame.name(found.unknown[0])
            self.profile.predicted_name = tr("predicted as far as {name}", name=name)
            last = -1
        words = (
            tr("trainable depth: no end")
            if unbounded(found.depth)
            else tr("trainable depth {depth:.1f} layers", depth=found.depth)
        )
        ruler = found.depth if quantity == "delta_rms" and len(ids) > 1 else 0.0
        self.profile.show_forecast(low, high, ruler=ruler, words=words, start=last)

    def show_selected(self, nodes: Sequence[str]) -> None:
        """Highlights the canvas' selection."""
        self.profile.show_selected(list(nodes))


def reasons() -> dict[str, str]:
    """Why pooling is not predicted, by what the prediction says."""
    return {
        "distribution": tr("Only of activations of weighted sums is it known how their maximum is distributed."),
        "size": tr("How alike neighbouring cells are is told for pictures of up to 1,024 cells only."),
        "overlap": tr("Its windows overlap, and the gradients that meet there are alike."),
    }


def values_of(snapshot: Snapshot, ids: Sequence[str], quantity: str) -> list[float]:
    """One value per layer; nan where it is unknown."""
    by_node = {s.node: s for s in snapshot.layers}
    return [float(getattr(by_node[n], quantity)) if n in by_node else math.nan for n in ids]


def earlier_of(kept: Sequence[Snapshot], now: Snapshot) -> list[Snapshot]:
    """A few moments spread over the run so far."""
    before = [s for s in kept if s.step < now.step]
    if len(before) <= EARLIER:
        return before
    places = np.linspace(0, len(before) - 1, EARLIER).round().astype(int)
    return [before[k] for k in places]
