"""The decision surface of a network with 2-D inputs, with the points on it."""

from __future__ import annotations

import numpy as np

from designer.panels.live import LivePanel
from designer.session.frame import Frame
from designer.session.grid import plane_grid
from engine.data.dataset import SPLITS, Dataset
from widgets.boundary import DecisionBoundary
from widgets.i18n import tr


class BoundaryPanel(LivePanel):
    """Shows the first Output."""

    wants = frozenset({"surfaces"})

    def __init__(self) -> None:
        plot = DecisionBoundary()
        super().__init__(plot)
        self.boundary = plot
        self._points_of: Dataset | None = None
        self.retranslate()

    def words(self) -> tuple[str, str]:
        return tr("Boundary"), tr(
            "The network's answer at every point of the plane, with the samples on it. The boundary runs where the "
            "colours meet; filled points trained, outlined points did not."
        )

    def show_frame(self, new: Frame, old: Frame) -> None:
        dataset, snapshot = new.dataset, new.snapshot
        if dataset is None or dataset.points("train") is None:
            self.plot.show_empty(tr("A boundary can be drawn for data with two features, such as circle or spiral."))
            self._points_of = None
            return
        if snapshot is None or new.plan is None or not snapshot.surfaces:
            self.plot.show_empty(tr("Press Run or Step: the decision boundary is drawn here."))
            return
        if snapshot is old.snapshot and new.run == old.run:
            return
        head = next((h.node for h in new.plan.heads if h.node in snapshot.surfaces), None)
        if head is None:
            return
        if dataset is not self._points_of:
            self._points_of = dataset
            self._show_points(dataset)
        self._show_surface(snapshot.surfaces[head], dataset)

    def _show_points(self, dataset: Dataset) -> None:
        for split in SPLITS:
            points = dataset.points(split)
            if points is not None and len(points):
                values = next(iter(dataset.split(split).y.values())).reshape(len(points), -1)[:, 0]
                self.boundary.show_points(points, values, split="train" if split == "train" else "test")

    def _show_surface(self, surfaces: np.ndarray, dataset: Dataset) -> None:
        grid = plane_grid(dataset)
        assert grid is not None
        if len(surfaces) == 1:
            # A sigmoid's answer is a probability around 0.5, a tanh's or linear one a value around 0.
            probability = dataset.task == "binary"
            center, span = (0.5, 0.5) if probability else (0.0, 1.0)
            self.boundary.show_surface(
                surfaces[0], grid.extent, center=center, span=span, class_names=dataset.class_names
            )
        else:
            self.boundary.show_surface(surfaces, grid.extent, class_names=dataset.class_names)
