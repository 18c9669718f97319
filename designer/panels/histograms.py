"""Histograms of one layer over time: weights, gradients, pre-activations, activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.panels.live import OneLayerPanel
from designer.session.frame import Frame
from engine.probes import Histogram
from widgets.fields import Choice
from widgets.i18n import tr
from widgets.ridge import HistogramRidge


class HistogramsPanel(OneLayerPanel):
    """Two drop-downs choose layer and tensor; the canvas' selection chooses the layer too."""

    wants = frozenset({"layers", "histograms"})

    def __init__(self) -> None:
        plot = HistogramRidge()
        super().__init__(plot)
        self.ridge = plot
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
        if new.earlier is old.earlier and new.run == old.run and new.snapshot is old.snapshot:
            return
        layer, tensor = self.layer.value(), str(self.tensor.value())
        found = [] if layer is None else history_of(new, layer, tensor)
        if not found:
            self.plot.show_empty(tr("Press Run or Step: the histograms of the chosen layer are drawn here."))
            return
        name = f"{new.name(str(layer))}, {dict(self.tensors())[tensor]}"
        steps = [step for step, _ in found]
        edges, counts = common_bins([h for _, h in found])
        lows, highs = [h.minimum for _, h in found], [h.maximum for _, h in found]
        self.ridge.show_histograms(steps, edges, counts, lows, highs, name=name)


def history_of(frame: Frame, layer: str, tensor: str) -> list[tuple[int, Histogram]]:
    """(step, histogram) of one layer, oldest first."""
    moments = {s.step: s for s in (*frame.earlier, *((frame.snapshot,) if frame.snapshot else ()))}
    found = []
    for step in sorted(moments):
        for stats in moments[step].layers:
            if stats.node == layer and tensor in stats.histograms:
                found.append((step, stats.histograms[tensor]))
    return found


def common_bins(found: Sequence[Histogram], bins: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Edges (bins + 1,) over all histograms, and their counts (T, bins) spread over those by overlap."""
    low, high = min(h.low for h in found), max(h.high for h in found)
    edges = np.linspace(low, high if high > low else low + 1e-12, bins + 1)
    rows = []
    for h in found:
        own = np.linspace(h.low, h.high, len(h.counts) + 1)
        cumulative = np.concatenate([[0.0], np.cumsum(h.counts)])
        rows.append(np.diff(np.interp(edges, own, cumulative)))
    return edges, np.array(rows)
