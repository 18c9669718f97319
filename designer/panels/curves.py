"""Loss and accuracy over the epochs: train, validation, test, and the run before for comparison."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from designer.panels.live import LivePanel
from designer.session.frame import Frame
from engine.training import EpochRecord
from widgets.curve import CurvePlot, Line
from widgets.fields import Segmented
from widgets.i18n import tr
from widgets.tokens import blend, theme


class CurvesPanel(LivePanel):
    """A switch chooses what is measured. Single batches stay behind the epochs' figures, faintly."""

    def __init__(self) -> None:
        plot = CurvePlot()
        super().__init__(plot)
        self.curves = plot
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
        if new.run != self._shown_run:
            self._previous, self._shown_run = (old.epochs or self._previous), new.run
        if (
            old.columns is new.columns
            and old.epochs is new.epochs
            and old.results is new.results
            and old.run == new.run
        ):
            return
        if not new.epochs and (new.columns is None or not new.columns.count):
            self.plot.show_empty(tr("Press Run: loss and accuracy of each epoch are drawn here, live."))
            return
        measure = str(self.switch.value())
        lines = self._rate(new) if measure == "rate" else self._measured(new, measure)
        self.curves.show_curves(lines, x_label=tr("epoch"), whole=True)

    def _rate(self, frame: Frame) -> dict[str, Line]:
        if frame.columns is None:
            return {}
        return {tr("rate"): Line(_epochs_of(frame), frame.columns.rate[: frame.columns.count])}

    def _measured(self, frame: Frame, measure: str) -> dict[str, Line]:
        lines: dict[str, Line] = {}
        values_task = frame.dataset is not None and frame.dataset.task == "values"
        # A training that was opened from a file has its epochs, but no single batches yet.
        if frame.columns is not None and frame.columns.count and (measure == "loss" or not values_task):
            column = frame.columns.loss if measure == "loss" else frame.columns.accuracy
            lines[tr("each batch")] = Line(_epochs_of(frame), column[: frame.columns.count], hue=faint())
        lines |= _epoch_lines(self._previous, measure, "B", tr("run before, train"), tr("run before, validation"))
        lines |= _epoch_lines(frame.epochs, measure, "A", tr("train"), tr("validation"))
        test = frame.results.get("test")
        if test is not None and frame.epochs:
            name = "mae" if values_task else "accuracy"
            value = test.loss if measure == "loss" else test.metrics.get(name, float("nan"))
            lines[tr("test")] = Line([0, frame.epochs[-1].epoch], [value, value], split="test")
        return lines


def faint() -> str:
    """Single batches stand behind the epochs' figures."""
    return blend(theme().panel, theme().secondary, 0.45)


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
