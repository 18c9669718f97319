"""Layers x steps, colour = size of the weight gradient: where and when it fades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from designer.panels.live import LivePanel, layer_names
from designer.session.frame import Frame
from engine.primitives import size
from widgets.i18n import tr
from widgets.waterfall import Waterfall

#: no screen has more columns; reading fewer rows keeps a long run cheap to draw
COLUMNS = 1200


class WaterfallPanel(LivePanel):
    """``layer_clicked(node_id)``."""

    layer_clicked = Signal(str)

    def __init__(self) -> None:
        plot = Waterfall()
        super().__init__(plot)
        self.waterfall = plot
        plot.cell_clicked.connect(lambda node, step: self.layer_clicked.emit(node))
        self.retranslate()

    def words(self) -> tuple[str, str]:
        return tr("Waterfall"), tr(
            "RMS of the weight gradient of every layer (rows) at every step (columns), on a logarithmic colour scale. "
            "Even colours are healthy; rows that darken towards the input lose their gradient."
        )

    def show_frame(self, new: Frame, old: Frame) -> None:
        if new.columns is old.columns and new.run == old.run and new.names is old.names:
            return
        if new.columns is None or not new.columns.count or new.plan is None:
            self.plot.show_empty(tr("Press Run: each step adds a column, each layer is a row."))
            return
        ids, names = layer_names(new)
        steps, values = gradient_rows(new, ids)
        self.waterfall.show_waterfall(ids, names, steps, values)

    def show_selected(self, nodes: Sequence[str]) -> None:
        """Highlights the canvas' selection."""
        self.waterfall.show_selected(list(nodes))


def gradient_rows(frame: Frame, ids: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Steps (S,) and RMS of the kernels' gradients (L, S), at most COLUMNS of them."""
    assert frame.plan is not None and frame.columns is not None
    places = {w.node: k for k, w in reversed(list(enumerate(frame.plan.weights))) if w.is_kernel}
    scale = np.array([1.0 / np.sqrt(size(frame.plan.weights[places[n]].shape)) for n in ids])
    view = frame.columns
    stride = max(1, -(-view.count // COLUMNS))
    norms = view.grad_norm[: view.count : stride, [places[n] for n in ids]]
    return view.steps[::stride], (norms * scale).T
