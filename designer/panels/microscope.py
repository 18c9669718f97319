"""The activation microscope: one layer's activation over the live histogram of what enters it."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QLabel

from designer.panels.live import OneLayerPanel
from designer.session.frame import Frame
from engine.primitives import Primitive
from engine.probes import Histogram
from engine.probes.microscope import activation_of, exposure, respond
from engine.probes.snapshot import LayerStats
from widgets import tokens
from widgets.i18n import tr
from widgets.microscope import ActivationScope, Scope

#: the curve is drawn at least this far, so that its bends are in the picture
REACH = 5.0
POINTS = 481


class MicroscopePanel(OneLayerPanel):
    """A drop-down or the canvas' selection chooses the layer; the slider previews another scale of z."""

    wants = frozenset({"layers", "histograms"})

    def __init__(self) -> None:
        plot = ActivationScope()
        super().__init__(plot)
        self.scope = plot
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setContentsMargins(tokens.SPACE_3, 0, tokens.SPACE_3, tokens.SPACE_2)
        column = self.layout()
        assert column is not None
        column.addWidget(self.sentence)
        plot.gain_changed.connect(lambda _: self.show_again())
        self.retranslate()

    def words(self) -> tuple[str, str]:
        return tr("Activation"), tr(
            "The activation (solid) and its slope (dashed) over the histogram of what enters it; where the ground is "
            "shaded it is flat and passes no gradient. In a healthy layer few values lie there; the slider shows what "
            "larger or smaller weights would do."
        )

    def show_frame(self, new: Frame, old: Frame) -> None:
        self.show_layers(new, old)
        if new.snapshot is old.snapshot and new.run == old.run:
            return
        node = self.layer.value()
        layers = new.snapshot.layers if new.snapshot is not None else ()
        found = next((s for s in layers if s.node == node and "pre-activations" in s.histograms), None)
        if found is None or new.plan is None:
            self.sentence.clear()
            self.plot.show_empty(tr("Press Run or Step: the activation is drawn here over what enters it."))
            return
        activation = activation_of(new.plan, found.node)
        if activation is None:
            self.sentence.clear()
            self.plot.show_empty(
                tr("{name} has no activation of its own: what it computes goes on as it is.", name=new.name(found.node))
            )
            return
        self._show(found, activation, new.name(found.node))

    def _show(self, stats: LayerStats, activation: Primitive, name: str) -> None:
        histogram, gain = stats.histograms["pre-activations"], self.scope.gain
        wider = max(gain, 1.0)
        low, high = min(histogram.low * wider, -REACH), max(histogram.high * wider, REACH)
        seen = respond(activation, np.linspace(low, high, POINTS))
        edges = np.linspace(histogram.low, histogram.high, len(histogram.counts) + 1)
        self.plot.show_title(name)
        self.scope.show_scope(Scope(seen.z, seen.phi, seen.slope, seen.flat, edges, histogram.counts))
        self.sentence.setText(sentence(stats, activation, histogram, gain))


def sentence(stats: LayerStats, activation: Primitive, histogram: Histogram, gain: float) -> str:
    """Shares now, and with the gain where there is one. ReLU's flat zone is called off."""
    now = exposure(activation, histogram)
    # Counted over every value where the statistics do; the histogram says it to one bin.
    flat = now.flat if np.isnan(stats.saturation) else stats.saturation
    if activation.id == "relu":
        words = tr("{share:.1%} of z are off; {passed:.3g} of the gradient passes.", share=flat, passed=now.passed)
    else:
        words = tr("{share:.1%} of z lie where it is flat; {passed:.3g} of the gradient passes.",
                   share=flat, passed=now.passed)  # fmt: skip
    if gain == 1.0:
        return words
    then = exposure(activation, histogram, gain)
    return words + " " + tr("With the gain: {share:.1%} and {passed:.3g}.", share=then.flat, passed=then.passed)
