"""The prediction before training, kept for the drawing as it stands: computed beside the window, shown when ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from designer.session.analyst import Analyst
from designer.session.background import Background
from designer.session.data_loader import DataLoader
from engine.analysis import Analysis
from engine.probes.prediction import Prediction, predict

PAUSE_MS = 60
SAMPLES = 512
#: samples by which it is told how alike cells of pictures are
PICTURES = 256
Fields = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Foreseen:
    """``layers``: ids of the layers with a kernel, sources first; ``prediction`` of what can be predicted of them."""

    layers: tuple[str, ...]
    prediction: Prediction


class Foresight(QObject):
    """``now`` is None while the drawing cannot run. ``changed`` comes on the GUI thread."""

    changed = Signal()

    def __init__(self, analyst: Analyst, loader: DataLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.analyst, self.loader = analyst, loader
        self.now: Foreseen | None = None
        self.job = Background(self)
        self.job.done.connect(self._done)
        self.job.failed.connect(lambda error: self._done(None))
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._start)
        analyst.changed.connect(lambda _: self._pause.start())
        loader.changed.connect(self._pause.start)
        self._pause.start()

    def _start(self) -> None:
        analysis = self.analyst.analysis
        if analysis.errors or not analysis.graph.nodes:
            self.job.cancel()
            self._done(None)
            return
        dataset = self.loader.dataset
        fields: Fields = dataset.train.x if dataset is not None else {}
        self.job.start(lambda: _work(analysis, *_moments(fields), _pictures(fields))())

    def _done(self, found: Foreseen | None) -> None:
        self.now = found
        self.changed.emit()


def _pictures(fields: Fields) -> dict[str, np.ndarray]:
    """The first training samples of each field of pictures."""
    return {k: v[:PICTURES] for k, v in fields.items() if len(v) and v.ndim == 4}


def _moments(fields: Fields) -> tuple[dict[str, float], dict[str, float]]:
    """Of each input field over the first training samples: mean of x^2, and the part of it that samples share, the
    mean of squared means over features or channels; 1 and 0 where there are no data yet."""
    first = {k: v[:SAMPLES].astype(np.float64) for k, v in fields.items() if len(v) and v.ndim > 1}
    means = {k: v.mean(axis=(0, *range(2, v.ndim))) for k, v in first.items()}
    return {k: float(np.mean(v**2)) for k, v in first.items()}, {k: float(np.mean(m**2)) for k, m in means.items()}


def _work(
    analysis: Analysis, moments: dict[str, float], common: dict[str, float], pictures: dict[str, np.ndarray]
) -> Callable[[], Foreseen]:
    def work() -> Foreseen:
        from engine.plan import build_plan
        from engine.probes.alike import MOST_CELLS, alike_of

        plan = build_plan(analysis.graph, analysis)
        small = {k: v for k, v in pictures.items() if v.shape[2] * v.shape[3] <= MOST_CELLS}
        alike = {k: alike_of(v.astype(np.float64)) for k, v in small.items()}
        return Foreseen(plan.layer_order, predict(plan, moments, common, alike))

    return work
