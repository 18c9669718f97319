"""Histograms of one layer over time: weights, gradients, pre-activations, activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.panels.beside import Beside
from designer.panels.live import OneLayerPanel
from designer.session.frame import Frame
from designer.session.overlay import Overlay
from engine.probes import Histogram, Snapshot
from widgets.difference import DifferenceStrip
from widgets.fields import Choice
from widgets.i18n import tr
from widgets.ridge import HistogramRidge
from widgets.tokens import theme


class HistogramsPanel(OneLayerPanel):
    """Two drop-downs choose layer and tensor; the canvas' selection chooses the layer too."""

    wants = frozenset({"layers", "histograms"})

    def __init__(self) -> None:
        plot = HistogramRidge()
        super().__init__(plot)
        self.ridge = plot
        self.beside = Beside(self, HistogramRidge, HistogramRidge)
        self.strip = DifferenceStrip(plot)
        column = self.layout()
        assert column is not None
        column.addWidget(self.strip)
        self.tensor = Choice()
        self.add_choice(self.tensor, 1)
        self.retranslate()

    @staticmethod
    def tensors() -> list[tuple[str, str]]:
        """Keys of LayerStats.histograms."""
        return [
            ("weights", tr("weights")),
            ("gradients", tr("gradients")),
            ("pre-activations", tr("pre-activations")),
            ("activations", tr("activations")),
        ]

    def words(self) -> tuple[str, str]:
        return tr("Histograms"), tr(
            "How the values of one layer are spread, oldest at the back, counts on a logarithmic scale. Weights should "
            "drift slowly; activations that pile up at the ends are saturated."
        )

    def retranslate(self) -> None:
        self.tensor.show_options(self.tensors())
        super().retranslate()

    def show_frame(self, new: Frame, old: Frame) -> None:
        self.show_layers(new, old)
        same = new.earlier is old.earlier and new.run == old.run and new.snapshot is old.snapshot
        if same and new.other is old.other and new.side == old.side:
            return
        layer, tensor = self.layer.value(), str(self.tensor.value())
        found = [] if layer is None else history_of(new, layer, tensor)
        if not found:
            self.beside.show(())
            self.strip.show_difference({}, "")
            self.plot.show_empty(tr("Press Run or Step: the histograms of the chosen layer are drawn here."))
            return
        others = [(o, moments_of(o, str(layer), tensor)) for o in self.overlays.of(new)]
        others = [(o, moments) for o, moments in others if moments]
        name = f"{new.name(str(layer))}, {dict(self.tensors())[tensor]}"
        steps = [step for step, _ in found]
        edges, counts = common_bins([h for _, h in found], also=[h for _, m in others for _, h in m])
        lows, highs = [h.minimum for _, h in found], [h.maximum for _, h in found]
        if others:
            name = f"{new.side or tr('now')}: {name}"
        self.ridge.show_histograms(steps, edges, counts, lows, highs, name=name)
        self._show_others(new, others, edges, counts[-1])

    def _show_others(
        self, frame: Frame, others: Sequence[tuple[Overlay, list[tuple[int, Histogram]]]], edges: np.ndarray,
        own: np.ndarray,
    ) -> None:  # fmt: skip
        """Other runs beside it over the same bins, and below, how the latest shares differ."""
        plots = self.beside.show([o.name for o, _ in others], before=frame.side == "B")
        lines = {}
        for plot, (other, moments) in zip(plots, others, strict=False):
            assert isinstance(plot, HistogramRidge)
            histograms = [h for _, h in moments]
            counts = spread(histograms, edges)
            lows, highs = [h.minimum for h in histograms], [h.maximum for h in histograms]
            plot.show_histograms([s for s, _ in moments], edges, counts, lows, highs, name=other.name)
            mine, theirs = own / max(own.sum(), 1), counts[-1] / max(counts[-1].sum(), 1)
            gap = mine - theirs if frame.side == "B" else theirs - mine
            hue = theme().secondary if frame.side else other.hue
            lines[other.name] = ((edges[1:] + edges[:-1]) / 2, gap, hue)
        words = tr("B - A, share of values") if frame.side else tr("minus now, share of values")
        self.strip.show_difference(lines, words)


def history_of(frame: Frame, layer: str, tensor: str) -> list[tuple[int, Histogram]]:
    """(step, histogram) of one layer, oldest first."""
    return _history([*frame.earlier, *((frame.snapshot,) if frame.snapshot else ())], layer, tensor)


def moments_of(other: Overlay, layer: str, tensor: str) -> list[tuple[int, Histogram]]:
    """The same of another run."""
    return _history([*other.earlier, *((other.latest,) if other.latest is not None else ())], layer, tensor)


def _history(snapshots: Sequence[Snapshot], layer: str, tensor: str) -> list[tuple[int, Histogram]]:
    moments = {s.step: s for s in snapshots}
    found = []
    for step in sorted(moments):
        for stats in moments[step].layers:
            if stats.node == layer and tensor in stats.histograms:
                found.append((step, stats.histograms[tensor]))
    return found


def common_bins(
    found: Sequence[Histogram], bins: int = 48, *, also: Sequence[Histogram] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Edges (bins + 1,) over all histograms (and those that stand beside them), and the counts (T, bins)."""
    low, high = min(h.low for h in (*found, *also)), max(h.high for h in (*found, *also))
    edges = np.linspace(low, high if high > low else low + 1e-12, bins + 1)
    return edges, spread(found, edges)


def spread(found: Sequence[Histogram], edges: np.ndarray) -> np.ndarray:
    """Counts (T, bins) of histograms, spread over other bins by overlap."""
    rows = []
    for h in found:
        own = np.linspace(h.low, h.high, len(h.counts) + 1)
        cumulative = np.concatenate([[0.0], np.cumsum(h.counts)])
        rows.append(np.diff(np.interp(edges, own, cumulative)))
    return np.array(rows)
