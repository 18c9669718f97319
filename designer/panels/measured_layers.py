"""Views of the layers: isometry, where the answer appears, who learns when, filters over time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from designer.panels.measured_view import MeasuredView
from engine.probes.measurements.jacobian import EXACT, PROBES, LayerJacobian, Spectrum
from engine.probes.measurements.travel import Filmstrip, Travel
from engine.training.measuring import Measured, Readouts
from widgets import colormaps
from widgets.axes import value_text
from widgets.curve import CurvePlot, Line
from widgets.filmstrip import FilmStrip
from widgets.i18n import tr
from widgets.layer_line import LayerLine, LayerMatrix
from widgets.spectrum import SpectrumPlot, Strip
from widgets.tokens import theme

EARLIER = 3


class IsometryView(MeasuredView):
    """F11."""

    kind = "isometry"

    def __init__(self) -> None:
        self.spectrum = SpectrumPlot()
        super().__init__(self.spectrum)

    def title(self) -> str:
        return tr("Isometry")

    def words(self) -> str:
        return tr(
            "Singular values of the Jacobian of each layer, and of all layers up to it, on 4 samples: by how much "
            "small changes grow or fade. Healthy: the marks near 1 and the bars short (dynamical isometry; Saxe et "
            "al. 2013, Pennington et al. 2017). A dotted frame is an estimate of mark and spread."
        )

    def invitation(self) -> str:
        return tr("Measure: the singular values of each layer's Jacobian are drawn here, and of all layers up to it.")

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        found: tuple[LayerJacobian, ...] = self.result(now)
        ids = [j.node for j in found]
        series = {
            tr("this layer"): [strip(j.layer) if j.layer is not None else None for j in found],
            tr("all up to it"): [strip(j.so_far) for j in found],
        }
        self.spectrum.show_spectra(ids, [self.name(n) for n in ids], series)

    def sentence(self, now: Measured) -> str:
        found: tuple[LayerJacobian, ...] = self.result(now)
        last = found[-1]
        rms = math.sqrt(last.so_far.mean_square)
        told = tr(
            "From the input to {name}: times {rms}, spread {spread}.",
            name=self.name(last.node), rms=value_text(rms), spread=value_text(last.so_far.spread),
        )  # fmt: skip
        sized = [(j.layer.mean_square, j) for j in found if j.layer is not None and j.layer.mean_square > 0]
        told += self._estimated(found)
        if 0.1 <= rms <= 10 or not sized:
            return told
        pick = min if rms < 1 else max
        most = pick(sized, key=lambda pair: pair[0])[1]
        assert most.layer is not None
        each = value_text(math.sqrt(most.layer.mean_square))
        return told + " " + tr("{name} alone: times {each}.", name=self.name(most.node), each=each)


    def _estimated(self, found: Sequence[LayerJacobian]) -> str:
        """Which layers have too many outputs for every singular value."""
        wide = [self.name(j.node) for j in found if min(j.so_far.shape) and not len(j.so_far.values)]
        if not wide:
            return ""
        return " " + tr(
            "More than {most} outputs: of {names} mark and spread are estimated from {count} random directions, not "
            "every singular value.",
            most=EXACT, names=", ".join(wide), count=PROBES,
        )  # fmt: skip


def strip(spectrum: Spectrum) -> Strip:
    """As the plot takes it; the error of a root is half of the square's over the root."""
    rms = math.sqrt(max(spectrum.mean_square, 0.0))
    error = 0.5 * spectrum.error / rms if rms > 0 else 0.0
    if len(spectrum.values) or not math.isfinite(spectrum.spread):
        return Strip(spectrum.values, rms, error)
    low, high = (rms * math.sqrt(max(1 + sign * spectrum.spread, 0.0)) for sign in (-1, 1))
    return Strip(spectrum.values, rms, error, (low, high))


class ReadoutView(MeasuredView):
    """F16, the score or the effective rank along the layers."""

    kind = "readout"

    def __init__(self) -> None:
        self.line = LayerLine()
        super().__init__(self.line)
        self.quantity = "score"

    def title(self) -> str:
        return tr("Linear probes")

    def words(self) -> str:
        return tr(
            "How well a linear (ridge) read-out of each layer alone answers held-out samples, its penalty chosen by "
            "leave-one-out; paler lines are earlier. Healthy: it rises from the input to the output; where it stays "
            "flat, layers add nothing, where it falls, they lose what was known (Alain & Bengio 2017)."
        )

    def invitation(self) -> str:
        return tr("Measure: the accuracy that a linear read-out reaches after every layer is drawn here.")

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        found: Readouts = self.result(now)
        ids = [r.node for r in found.layers]
        before = [m for m in results if m.step < now.step][-EARLIER:]
        label = tr("accuracy") if found.classes else tr("R²")
        frequent = tr("always the most frequent class: {share:.0%}", share=found.guess)
        guess = frequent if found.classes else tr("always the mean: 0")
        self.line.show_line(
            ids, [self.name(n) for n in ids], [r.score for r in found.layers], label=label,
            earlier=[[r.score for r in self.result(m).layers] for m in before], level=(found.guess, guess),
            zero=False,
        )  # fmt: skip

    def sentence(self, now: Measured) -> str:
        found: Readouts = self.result(now)
        scores = [r.score for r in found.layers]
        best = int(np.nanargmax(scores)) if np.isfinite(scores).any() else 0
        if not found.classes:
            return tr(
                "R² {first:.3f} at the input, {last:.3f} at the end, best at {name} ({best:.3f}). Fitted to {fitted} "
                "samples, judged on {judged} others.",
                first=scores[0], last=scores[-1], name=self.name(found.layers[best].node), best=scores[best],
                fitted=found.fitted, judged=found.judged,
            )  # fmt: skip
        return tr(
            "{first:.1%} at the input, {last:.1%} at the end, best at {name} ({best:.1%}). Fitted to {fitted} "
            "samples, judged on {judged} others.",
            first=scores[0], last=scores[-1], name=self.name(found.layers[best].node), best=scores[best],
            fitted=found.fitted, judged=found.judged,
        )  # fmt: skip


class RankView(ReadoutView):
    """F16, effective rank: made by the same measurement."""

    def title(self) -> str:
        return tr("Effective rank")

    def words(self) -> str:
        return tr(
            "How many directions each layer's outputs really use: exp of the entropy of their singular values (Roy & "
            "Vetterli 2007). Healthy: it falls gently towards the number of classes; a collapse to 1 or 2 early in "
            "the network means that all samples look alike from there on."
        )

    def invitation(self) -> str:
        return tr("Measure: how many directions each layer's outputs use is drawn here.")

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        found: Readouts = self.result(now)
        ids = [r.node for r in found.layers]
        before = [m for m in results if m.step < now.step][-EARLIER:]
        self.line.show_line(
            ids, [self.name(n) for n in ids], [r.rank for r in found.layers], label=tr("effective rank"),
            earlier=[[r.rank for r in self.result(m).layers] for m in before],
        )  # fmt: skip

    def sentence(self, now: Measured) -> str:
        found: Readouts = self.result(now)
        low = min(found.layers, key=lambda r: r.rank)
        return tr(
            "Lowest at {name}: {rank:.3g} of at most {most} directions, over {fitted} samples.",
            name=self.name(low.node), rank=low.rank, most=min(low.size, found.fitted), fitted=found.fitted,
        )  # fmt: skip


class SimilarityView(MeasuredView):
    """F16, linear CKA between layers: made by the same measurement."""

    kind = "readout"

    def __init__(self) -> None:
        self.matrix = LayerMatrix()
        super().__init__(self.matrix)

    def title(self) -> str:
        return tr("Layer similarity")

    def words(self) -> str:
        return tr(
            "Linear CKA between the outputs of every two layers: 1 where one is the other turned and scaled "
            "(Kornblith et al. 2019). Healthy: it fades with the distance; a large bright block means layers that do "
            "the same."
        )

    def invitation(self) -> str:
        return tr("Measure: how alike the outputs of every two layers are is drawn here.")

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        found: Readouts = self.result(now)
        self.matrix.show_matrix([self.name(r.node) for r in found.layers], found.cka, label=tr("linear CKA"))

    def sentence(self, now: Measured) -> str:
        found: Readouts = self.result(now)
        ends = float(found.cka[0, -1])
        near = [float(found.cka[k, k + 1]) for k in range(len(found.layers) - 1)]
        if not near:
            return ""
        k = int(np.nanargmin(near)) if np.isfinite(near).any() else 0
        return tr(
            "Input and output: {ends:.2f}. The greatest change is from {first} to {second}: {least:.2f}.",
            ends=ends, first=self.name(found.layers[k].node), second=self.name(found.layers[k + 1].node), least=near[k],
        )  # fmt: skip


class TravelView(MeasuredView):
    """F17."""

    kind = "travel"

    def __init__(self) -> None:
        self.curves = CurvePlot()
        super().__init__(self.curves)
        self.bare(keep=1)

    def title(self) -> str:
        return tr("Who learns when")

    def words(self) -> str:
        return tr(
            "How far each layer's kernel is from where the run began, over its size there: |w - w0| / |w0|, at every "
            "keyframe. Dark to bright is input to output. Healthy: all layers leave their start; one that stays at 0 "
            "does not learn, and layers that still rise have not finished."
        )

    def invitation(self) -> str:
        return tr("Measure: the way of each layer from its initial weights is drawn here over the whole run.")

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        found: Travel = self.result(now)
        hues = layer_hues(len(found.nodes))
        steps = np.array(found.steps, float)
        curves = {
            self.name(n): Line(steps, found.distances[k], hue=hues[k])
            for k, n in enumerate(found.nodes)
            if np.isfinite(found.distances[k]).any()
        }
        self.curves.y_axis.show_label(tr("distance from the start"))
        self.curves.show_curves(curves, x_label=tr("step"))

    def sentence(self, now: Measured) -> str:
        found: Travel = self.result(now)
        ends = found.distances[:, -1]
        known = np.flatnonzero(np.isfinite(ends))
        if not len(known):
            return tr("All layers started at zero.")
        near, far = known[int(ends[known].argmin())], known[int(ends[known].argmax())]
        half = found.halfway
        return tr(
            "{far} went farthest ({most}; half of it by step {when}), {near} least ({least}).",
            far=self.name(found.nodes[far]), most=value_text(float(ends[far])), when=f"{half[far]:,}",
            near=self.name(found.nodes[near]), least=value_text(float(ends[near])),
        )  # fmt: skip


def layer_hues(count: int) -> list[str]:
    """Colours from input to output: the part of viridis that stands out from the panel."""
    low, high = (70, 255) if theme().dark else (0, 200)
    places = np.linspace(low, high, max(count, 1)).round().astype(int)
    return [f"#{int(colormaps.viridis()[p]) & 0xFFFFFF:06X}" for p in places]


class FiltersView(MeasuredView):
    """F22."""

    kind = "filters"

    def __init__(self) -> None:
        self.strip = FilmStrip()
        super().__init__(self.strip)
        self.layers: tuple[str, ...] = ()

    def title(self) -> str:
        return tr("Filters over time")

    def words(self) -> str:
        return tr(
            "The kernels of one convolution (rows) at keyframes of the run (columns, by step); orange is negative, "
            "blue is positive, averaged over the input channels. Healthy: noise turns into edges, blobs and "
            "gradients; a kernel that never changes does not learn."
        )

    def invitation(self) -> str:
        return tr("Measure: the kernels of a convolution are drawn here at moments of the run.")

    def options(self, now: Measured | None) -> list[tuple[str, str]]:
        return [(n if k else "", self.name(n)) for k, n in enumerate(self.layers)]

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        found: Filmstrip = self.result(now)
        self.strip.show_film(found.steps, found.kernels)

    def sentence(self, now: Measured) -> str:
        found: Filmstrip = self.result(now)
        count, moments = found.kernels.shape[1], len(found.steps)
        told = tr(
            "{name}: {count} of {all} filters at {moments} moments, mean over {channels} input channel(s).",
            name=self.name(found.node), count=count, all=found.filters, moments=moments, channels=found.channels,
        )  # fmt: skip
        seen = self.field_of(found.node)
        return f"{told} {seen}" if seen else told
