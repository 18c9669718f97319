"""Views of the loss around the weights: step-size slice, plane, sharpness, noise scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from designer.panels.measured_view import MeasuredView
from engine.probes.measurements.loss_plane import LossPlane
from engine.probes.measurements.noise_scale import NoiseScale
from engine.probes.measurements.sharpness import Sharpness
from engine.probes.measurements.step_slice import StepSlice
from engine.training.measuring import Measured
from widgets.axes import value_text
from widgets.curve import CurvePlot, Line
from widgets.i18n import tr
from widgets.loss_map import LossMap


class StepView(MeasuredView):
    """F12."""

    kind = "step"

    def __init__(self) -> None:
        self.curves = CurvePlot()
        super().__init__(self.curves)
        self.bare()

    def title(self) -> str:
        return tr("Step size")

    def words(self) -> str:
        return tr(
            "The loss along the step that training takes next, from 0 to 4 times its length; dropout as in that step. "
            "Healthy: 1 lies on the way down or near the lowest point. Where 1 lies beyond it and higher than 0, the "
            "learning rate is too large; where the curve still falls at 4, it could be larger."
        )

    def invitation(self) -> str:
        return tr("Measure: the loss is drawn here along the step that training takes next.")

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        found: StepSlice = self.result(now)
        curves = {
            tr("along the step"): Line(found.multiples, found.along_step),
            tr("down the gradient"): Line(found.multiples, found.along_gradient, "test", "B"),
        }
        if len(found.elsewhere):
            curves[tr("held-out samples")] = Line(found.multiples, found.elsewhere, "validation", hue="good")
        self.curves.y_axis.show_label(tr("loss"))
        self.curves.show_curves(curves, x_label=tr("multiple of the step"), whole=False)
        self.curves.show_markers([(1.0, tr("this step"))])
        self.curves.show_best(found.best, float(np.nanmin(found.along_step)), tr("lowest"))

    def sentence(self, now: Measured) -> str:
        found: StepSlice = self.result(now)
        at = {m: float(np.interp(m, found.multiples, found.along_step)) for m in (0.0, 1.0)}
        values = {"best": value_text(found.best), "cosine": found.cosine, "change": f"{at[1.0] - at[0.0]:+.2e}"}
        told = tr("Cosine to the way down: {cosine:.2f}.", **values)
        if not at[1.0] <= at[0.0]:
            said = tr("The step overshoots: loss {change} for its own batch; lowest at {best} of it.", **values)
        elif found.best >= found.multiples[-1]:
            said = tr("Loss {change} for its own batch, and still falling at 4 times the step.", **values)
        else:
            said = tr("Loss {change} for its own batch; lowest at {best} times the step.", **values)
        return f"{said} {told}"


class PlaneView(MeasuredView):
    """F13."""

    kind = "plane"

    def __init__(self) -> None:
        self.map = LossMap()
        super().__init__(self.map)

    def title(self) -> str:
        return tr("Landscape")

    def words(self) -> str:
        return tr(
            "The loss over a plane through the weights of now (ring), dark is low. Path: the two main directions of "
            "the way so far, with its keyframes and their steps. Random: two filter-normalised directions (Li et al. "
            "2018), where 1 changes every filter by its own size. Healthy: a smooth bowl; jagged walls make training "
            "fragile."
        )

    def invitation(self) -> str:
        return tr("Measure: the loss is drawn here over the plane in which training moved most, with its path.")

    def options(self, now: Measured | None) -> list[tuple[str, str]]:
        return [("", tr("path")), ("random", tr("random"))]

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        found: LossPlane = self.result(now)
        if found.kind == "path":
            shares = found.shares
            labels = (
                tr("main direction ({share:.0%} of the path)", share=shares[0]),
                tr("second ({share:.0%})", share=shares[1]),
            )
        else:
            labels = tr("random direction, 1 = each filter's own size"), tr("another one")
        self.map.show_map(
            found.across, found.up, found.losses, found.path, found.steps, x_label=labels[0], y_label=labels[1]
        )

    def sentence(self, now: Measured) -> str:
        found: LossPlane = self.result(now)
        good = found.losses[np.isfinite(found.losses)]
        low, high = (value_text(float(f(good))) if good.size else "-" for f in (np.min, np.max))
        if found.kind == "path":
            return tr(
                "From {low} to {high} over the plane; it holds {share:.1%} of the path's variation.",
                low=low, high=high, share=sum(found.shares),
            )  # fmt: skip
        if now.option != "random":
            return tr("From {low} to {high}. There is no path yet, so the directions are random.", low=low, high=high)
        return tr("From {low} to {high} over the plane.", low=low, high=high)


class SharpnessView(MeasuredView):
    """F14."""

    kind = "sharpness"
    over_time = True

    def __init__(self) -> None:
        self.curves = CurvePlot()
        super().__init__(self.curves)
        self.bare()
        self.curves.show_log(True)

    def title(self) -> str:
        return tr("Sharpness")

    def words(self) -> str:
        return tr(
            "The largest eigenvalue of the loss's Hessian, by Lanczos iteration on Hessian-vector products in "
            "float64. Above the dashed line (2 / rate, corrected for momentum; for Adam and RMSprop both are of the "
            "scaled curvature) steps overshoot. Healthy: below it, or hovering at it (Cohen et al. 2021)."
        )

    def invitation(self) -> str:
        return tr("Measure: the largest curvature is drawn here over the steps, with the line that is stable.")

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        # Scaled and plain curvature (of an adaptive optimizer's first step) do not belong into one line.
        results = [m for m in results if self.result(m).scaled == self.result(now).scaled]
        found: list[Sharpness] = [self.result(m) for m in results]
        steps = np.array([m.step for m in results], float)
        curves = {tr("sharpness"): Line(steps, np.array([f.value for f in found]))}
        limits = np.array([f.limit for f in found])
        if np.isfinite(limits).any():
            curves[tr("stable below")] = Line(steps, limits, "validation", hue="warning")
        self.curves.y_axis.show_label(tr("curvature"))
        self.curves.show_curves(curves, x_label=tr("step"))
        self.curves.show_best(now.step, found[list(results).index(now)].value, value_text(self.result(now).value))

    def sentence(self, now: Measured) -> str:
        found: Sharpness = self.result(now)
        values = {
            "value": value_text(found.value),
            "error": f"{found.error:.0e}",
            "count": found.iterations,
            "samples": found.samples,
        }
        told = tr("{value} (residual {error}, {count} iterations, {samples} samples).", **values)
        if math.isinf(found.limit):
            return told + " " + tr("The learning rate is 0 now, so every curvature is stable.")
        if not math.isfinite(found.limit):
            return told + " " + tr("For this optimizer no stable limit is known.")
        share = found.value / found.limit if found.limit > 0 else math.inf
        if share > 1.05:
            said = tr("That is {share:.2g} times the stable limit {limit}: steps overshoot along this direction.",
                      share=share, limit=value_text(found.limit))  # fmt: skip
        elif share > 0.8:
            said = tr("At the stable limit {limit}: the edge of stability.", limit=value_text(found.limit))
        else:
            said = tr("The stable limit is {limit}: room for {room:.2g} times the learning rate.",
                      limit=value_text(found.limit), room=1 / max(share, 1e-9))  # fmt: skip
        return told + " " + said


class NoiseView(MeasuredView):
    """F15."""

    kind = "noise"
    over_time = True

    def __init__(self) -> None:
        self.curves = CurvePlot()
        super().__init__(self.curves)
        self.bare()
        self.curves.show_log(True)
        self.batch = 0

    def title(self) -> str:
        return tr("Batch size")

    def words(self) -> str:
        return tr(
            "The simple noise scale B = tr(Sigma) / |G|², the gradient's variance over samples by its squared mean, "
            "from two batch sizes (McCandlish et al. 2018), with its standard error. Batches well below B: twice the "
            "batch halves the steps. Well above: more samples per step are wasted. It rises as the loss falls."
        )

    def invitation(self) -> str:
        return tr("Measure: the batch size at which gradient and noise are equal is drawn here, with its error.")

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        found: list[NoiseScale] = [self.result(m) for m in results]
        steps = np.array([m.step for m in results], float)
        scale = np.array([f.value if math.isfinite(f.value) else math.nan for f in found])
        errors = np.array([f.error if math.isfinite(f.error) else math.nan for f in found])
        curves = {
            tr("noise scale"): Line(steps, scale),
            tr("plus its error"): Line(steps, scale + errors, "test", hue="secondary"),
            tr("minus its error"): Line(steps, np.maximum(scale - errors, 1e-3), "test", hue="secondary"),
        }
        if self.batch:
            curves[tr("batch size")] = Line(steps, np.full(len(steps), self.batch), "validation", "B")
        self.curves.y_axis.show_label(tr("samples"))
        self.curves.show_curves(curves, x_label=tr("step"))

    def sentence(self, now: Measured) -> str:
        found: NoiseScale = self.result(now)
        sizes = {"small": found.small, "large": found.large, "groups": found.groups}
        how = tr("{groups} comparisons of {small} with {large} samples.", **sizes)
        if not math.isfinite(found.value):
            lost = tr("The gradient is lost in its noise: B is above what these samples can tell.")
            return f"{lost} {how}"
        if not math.isfinite(found.error):
            told = tr("B is about {value}, but the signal is too weak for an error.", value=rounded(found.value))
            return told + " " + how
        scale, error = rounded(found.value), rounded(found.error)
        told = tr("B = tr(Sigma) / |G|² = {value} ± {error} samples.", value=scale, error=error)
        if not self.batch:
            return told + " " + how
        if self.batch < 0.5 * found.value:
            advice = tr("The batch of {batch} is small: a larger one would need fewer steps.", batch=self.batch)
        elif self.batch > 2 * found.value:
            advice = tr("The batch of {batch} is large: a smaller one would learn as much per step.", batch=self.batch)
        else:
            advice = tr("The batch of {batch} suits it.", batch=self.batch)
        return f"{told} {advice} {how}"


def rounded(value: float) -> str:
    """Three figures: 0.0123, 4.57, 134, 2,350."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{float(f'{value:.3g}'):,.0f}"
