"""Layers x steps, colour = size of the weight gradient: where and when it fades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from designer.document.run_columns import Measured, measured
from designer.panels.beside import Beside
from designer.panels.live import LivePanel, layer_names
from designer.session.frame import Frame
from designer.session.overlay import Overlay
from engine.primitives import size
from engine.training.columns import coarsened
from widgets.difference import ratio
from widgets.i18n import tr
from widgets.waterfall import Waterfall

#: no screen has more columns; reading fewer rows keeps a long run cheap to draw
COLUMNS = 1200


class WaterfallPanel(LivePanel):
    """``layer_clicked(node_id)``. Other runs stand beside it, with one colour scale for all; of two the ratio too."""

    layer_clicked = Signal(str)
    #: a cell was clicked: that layer at this step
    step_wanted = Signal(int)

    def __init__(self) -> None:
        plot = Waterfall()
        super().__init__(plot)
        self._on_one_scale = False
        self.waterfall = plot
        self.beside = Beside(self, self._made, lambda: self._made(signed=True))
        plot.cell_clicked.connect(self._clicked)
        self.retranslate()

    def _made(self, *, signed: bool = False) -> Waterfall:
        plot = Waterfall(signed=signed)
        plot.cell_clicked.connect(self._clicked)
        if signed:
            plot.show_help(
                tr(
                    "log10 of the second run's gradient over the first's, where both have the layer and the step. Blue "
                    "is larger, orange smaller; the panel's colour is no difference."
                )
            )
        return plot

    def words(self) -> tuple[str, str]:
        return tr("Waterfall"), tr(
            "RMS of the weight gradient of every layer (rows) at every step (columns), on a logarithmic colour scale. "
            "Even colours are healthy; rows that darken towards the input lose their gradient."
        )

    def show_frame(self, new: Frame, old: Frame) -> None:
        same = new.columns is old.columns and new.run == old.run and new.names is old.names
        if same and new.other is old.other and new.side == old.side:
            return
        others = [o for o in self.overlays.of(new) if o.measured is not None]
        if new.columns is None or not new.columns.count or new.plan is None:
            self.beside.show(())
            self.plot.show_empty(tr("Press Run: each step adds a column, each layer is a row."))
            return
        ids, names = layer_names(new)
        steps, values = gradient_rows(new, ids)
        self.waterfall.show_waterfall(ids, names, steps, values)
        self._show_beside(new, others)

    def _show_beside(self, frame: Frame, others: Sequence[Overlay]) -> None:
        last = tr("log10 B / A") if frame.side else tr("log10 {run} / now", run=others[0].name) if others else ""
        own = tr("{run}, {curve}", run=frame.side or tr("now"), curve=tr("step")) if others else tr("step")
        self.waterfall.x_axis.show_label(own)
        before = frame.side == "B"
        plots = self.beside.show([o.name for o in others], last if len(others) == 1 else "", before=before)
        for plot, other in zip(plots, others, strict=False):
            assert isinstance(plot, Waterfall) and other.measured is not None
            layers = list(other.measured.layers)
            stride = max(1, -(-other.measured.view.count // COLUMNS))
            rows = other.measured.gradients()[:, ::stride]
            plot.show_waterfall(layers, [frame.name(n) for n in layers], other.measured.view.steps[::stride], rows)
        if not others:
            if self._on_one_scale:  # else the range is its own, or one that somebody brushed
                self.waterfall.show_auto_range()
            self._on_one_scale = False
            return
        self._on_one_scale = True
        self._one_scale([self.waterfall, *(p for p in plots if isinstance(p, Waterfall))])
        if len(others) == 1 and isinstance(self.beside.difference, Waterfall):
            assert others[0].measured is not None
            common, steps, values = _ratios(frame, others[0].measured)
            sign = -1.0 if frame.side == "B" else 1.0
            self.beside.difference.show_waterfall(common, [frame.name(n) for n in common], steps, sign * values)

    @staticmethod
    def _one_scale(plots: Sequence[Waterfall]) -> None:
        for plot in plots:
            plot.show_auto_range()
        ends = [plot.value_range() for plot in plots]
        for plot in plots:
            plot.show_range(min(e[0] for e in ends), max(e[1] for e in ends))

    def _clicked(self, node: str, step: int) -> None:
        self.layer_clicked.emit(node)
        self.step_wanted.emit(step)

    def show_selected(self, nodes: Sequence[str]) -> None:
        """Highlights the canvas' selection."""
        self.waterfall.show_selected(list(nodes))


def _ratios(frame: Frame, other: Measured) -> tuple[list[str], NDArray[np.int64], NDArray[np.float64]]:
    """(Layers that both have, steps that both have, log10 other / own), both in rows of equally many steps."""
    assert frame.plan is not None and frame.columns is not None
    mine = measured(frame.plan, frame.columns, (), 1)
    stride = max(mine.view.stride, other.view.stride)
    mine, theirs = (replace(m, view=coarsened(m.view, stride)) for m in (mine, other))
    common = [n for n in mine.layers if n in theirs.layers]
    steps, at, there = np.intersect1d(mine.view.steps, theirs.view.steps, return_indices=True)
    first, second = mine.gradients(), theirs.gradients()
    found = [ratio(first[mine.layers.index(n)][at], second[theirs.layers.index(n)][there]) for n in common]
    return common, steps, np.array(found).reshape(len(common), len(steps))


def gradient_rows(frame: Frame, ids: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Steps (S,) and RMS of the kernels' gradients (L, S), at most COLUMNS of them."""
    assert frame.plan is not None and frame.columns is not None
    places = {w.node: k for k, w in reversed(list(enumerate(frame.plan.weights))) if w.is_kernel}
    scale = np.array([1.0 / np.sqrt(size(frame.plan.weights[places[n]].shape)) for n in ids])
    view = frame.columns
    stride = max(1, -(-view.count // COLUMNS))
    norms = view.grad_norm[: view.count : stride, [places[n] for n in ids]]
    return view.steps[::stride], (norms * scale).T
