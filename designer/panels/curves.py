"""Loss and accuracy over the epochs: train, validation, test, and the run before for comparison."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from designer.panels.live import LivePanel
from designer.session.frame import Frame, begun_again
from designer.session.overlay import Overlay
from engine.training import EpochRecord
from widgets.curve import CurvePlot, Line
from widgets.difference import DifferenceStrip, difference
from widgets.fields import Segmented
from widgets.i18n import tr
from widgets.tokens import blend, theme


class CurvesPanel(LivePanel):
    """A switch chooses what is measured. Single batches stay behind the epochs' figures, faintly."""

    def __init__(self) -> None:
        plot = CurvePlot()
        super().__init__(plot)
        self.curves = plot
        self.strip = DifferenceStrip(plot)
        column = self.layout()
        assert column is not None
        column.addWidget(self.strip)
        plot.log_changed.connect(lambda _: self.show_again())
        self.switch = Segmented(self._measures(), "loss")
        self.switch.value_changed.connect(lambda _: self._measure_chosen())
        plot.tools.insertWidget(0, self.switch)
        self._previous: tuple[EpochRecord, ...] = ()
        self._shown_run = self._shown_document = 0
        self.retranslate()

    @staticmethod
    def _measures() -> list[tuple[str, str]]:
        return [("loss", tr("loss")), ("metric", tr("accuracy")), ("rate", tr("rate"))]

    def words(self) -> tuple[str, str]:
        return tr("Loss"), tr(
            "The loss of each batch (faint), of the training set and of the validation set (dashed) after each epoch. "
            "Both should fall; validation rising again while training falls is overfitting."
        )

    def retranslate(self) -> None:
        super().retranslate()
        self.switch.show_labels(self._measures())
        self._measure_chosen()

    def _measure_chosen(self) -> None:
        titles = {"loss": tr("Loss"), "metric": self._metric_name(), "rate": tr("Learning rate")}
        self.plot.show_title(titles[str(self.switch.value())])
        self.show_again()

    def _metric_name(self) -> str:
        values = self.seen.dataset is not None and self.seen.dataset.task == "values"
        return tr("Mean absolute error") if values else tr("Accuracy")

    def show_frame(self, new: Frame, old: Frame) -> None:
        if new.document != self._shown_document:
            self._previous, self._shown_document, self._shown_run = (), new.document, new.run
        if new.side or old.side:
            self._previous, self._shown_run = (), new.run
        if new.run != self._shown_run or begun_again(new, old):
            self._previous, self._shown_run = (old.epochs or self._previous), new.run
        if (
            old.columns is new.columns
            and old.epochs is new.epochs
            and old.results is new.results
            and old.run == new.run
            and old.other is new.other
            and old.side == new.side
        ):
            return
        if not new.epochs and (new.columns is None or not new.columns.count):
            self.strip.show_difference({}, "")
            self.plot.show_empty(tr("Press Run: loss and accuracy of each epoch are drawn here, live."))
            return
        measure = str(self.switch.value())
        others = self.overlays.of(new)
        lines = self._rate(new) if measure == "rate" else self._measured(new, measure)
        for other in others:
            lines |= overlay_lines(other, measure)
        self.curves.show_curves(lines, x_label=tr("epoch"), whole=True)
        self._show_difference(new, others, measure)

    def _show_difference(self, frame: Frame, others: Sequence[Overlay], measure: str) -> None:
        """B - A of a fork step by step, on identical batches; of other runs minus this one after each epoch."""
        log = self.curves.log()
        own = _own_values(frame, measure)
        found = {}
        for other in others:
            theirs = overlay_values(other, measure, by_step=bool(frame.side))
            first, second = (theirs, own) if frame.side == "B" else (own, theirs)
            x, y = difference(first, second, log=log)
            if len(x):
                found[other.name] = (x, y, theme().secondary if frame.side else other.hue)
        plain, decades = (tr("B - A"), tr("log10 B / A")) if frame.side else (tr("minus now"), tr("log10 run / now"))
        self.strip.show_difference(found, decades if log else plain)

    def _rate(self, frame: Frame) -> dict[str, Line]:
        if frame.columns is None:
            return {}
        values, run = frame.columns.rate[: frame.columns.count], frame.side or "A"
        return {_named(frame, tr("rate")): Line(_epochs_of(frame), values, run=run)}

    def _measured(self, frame: Frame, measure: str) -> dict[str, Line]:
        lines: dict[str, Line] = {}
        values_task = frame.dataset is not None and frame.dataset.task == "values"
        # A training that was opened from a file has its epochs, but no single batches yet.
        if frame.columns is not None and frame.columns.count and (measure == "loss" or not values_task):
            column = frame.columns.loss if measure == "loss" else frame.columns.accuracy
            hue = faint(theme().run_b) if frame.side == "B" else faint(theme().run_a) if frame.side else faint()
            lines[_named(frame, tr("each batch"))] = Line(_epochs_of(frame), column[: frame.columns.count], hue=hue)
        lines |= _epoch_lines(self._previous, measure, "B", tr("run before, train"), tr("run before, validation"))
        names = _named(frame, tr("train")), _named(frame, tr("validation"))
        lines |= _epoch_lines(frame.epochs, measure, frame.side or "A", *names)
        test = frame.results.get("test")
        if test is not None and frame.epochs:
            name = "mae" if values_task else "accuracy"
            value = test.loss if measure == "loss" else test.metrics.get(name, float("nan"))
            lines[tr("test")] = Line([0, frame.epochs[-1].epoch], [value, value], split="test")
        return lines


def _named(frame: Frame, what: str) -> str:
    """During a fork with the side's letter."""
    return tr("{run}, {curve}", run=frame.side, curve=what) if frame.side else what


def overlay_lines(other: Overlay, measure: str) -> dict[str, Line]:
    """The curves of another run, in its colour: single batches faintly, training, and validation dashed."""
    if measure == "rate":
        x, y = other.columns("rate")
        return {tr("{run}, {curve}", run=other.name, curve=tr("rate")): Line(x, y, hue=other.hue)} if len(x) else {}
    found: dict[str, Line] = {}
    x, y = other.columns("loss" if measure == "loss" else "accuracy")
    if len(x) and other.latest is not None and len(other.epochs) < 2:
        found[tr("{run}, {curve}", run=other.name, curve=tr("each batch"))] = Line(x, y, hue=faint(other.hue))
    for split, words in (("train", tr("train")), ("validation", tr("validation"))):
        values = np.array(other.curves.get(f"{split}_{measure}", ()), float)
        if len(values) and not np.isnan(values).all():
            name = tr("{run}, {curve}", run=other.name, curve=words)
            found[name] = Line(list(other.epochs), values, split=split, hue=other.hue)  # type: ignore[arg-type]
    return found


def overlay_values(other: Overlay, measure: str, *, by_step: bool) -> tuple[Sequence[float], Sequence[float]]:
    """(x, y) that a difference is taken of."""
    column = {"loss": "loss", "metric": "accuracy", "rate": "rate"}[measure]
    if by_step or measure == "rate":
        x, y = other.columns(column)
        return x.tolist(), y.tolist()
    return list(other.epochs), list(other.curves.get(f"train_{measure}", ()))


def _own_values(frame: Frame, measure: str) -> tuple[Sequence[float], Sequence[float]]:
    if frame.columns is not None and frame.columns.count and (frame.side or measure == "rate"):
        column = {"loss": frame.columns.loss, "metric": frame.columns.accuracy, "rate": frame.columns.rate}[measure]
        return _epochs_of(frame).tolist(), column[: frame.columns.count].tolist()
    if measure == "rate":
        return [], []
    return [e.epoch for e in frame.epochs], [getattr(e, f"train_{measure}") for e in frame.epochs]


def faint(hue: str = "") -> str:
    """Single batches stand behind the epochs' figures."""
    return blend(theme().panel, hue or theme().secondary, 0.35 if hue else 0.45)


def _epochs_of(frame: Frame) -> NDArray[np.float64]:
    assert frame.columns is not None and frame.status is not None
    return frame.columns.steps / max(frame.status.steps_per_epoch, 1)


def _epoch_lines(epochs: tuple[EpochRecord, ...], measure: str, run: str, train: str, held: str) -> dict[str, Line]:
    if not epochs:
        return {}
    x = [e.epoch for e in epochs]
    parts = {train: ("train", f"train_{measure}"), held: ("validation", f"validation_{measure}")}
    found = {}
    for name, (split, key) in parts.items():
        y = np.array([getattr(e, key) for e in epochs])
        if not np.isnan(y).all():
            found[name] = Line(x, y, split=split, run=run)  # type: ignore[arg-type]
    return found
