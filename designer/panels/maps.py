"""Kernels and feature maps of convolutions, outputs of pooling, for one chosen sample."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal

from designer.panels.live import LivePanel
from designer.session.feeding import Feeder
from designer.session.frame import Frame
from widgets.fields import Choice, NumberField
from widgets.i18n import tr
from widgets.tiles import TileGrid


class MapsPanel(LivePanel):
    """Drop-downs choose layer and what of it; the number chooses the test sample. ``sample_changed(int)``."""

    wants = frozenset({"maps", "kernels"})
    sample_changed = Signal(int)

    def __init__(self, feeder: Feeder) -> None:
        plot = TileGrid()
        super().__init__(plot)
        self.tiles, self.feeder = plot, feeder
        self.layer, self.part = Choice(), Choice()
        self.sample = NumberField(feeder.sample[1], low=0, integer=True)
        self.sample.setMaximumWidth(64)
        for k, (widget, width) in enumerate(((self.layer, 112), (self.part, 96), (self.sample, 60))):
            widget.setMaximumWidth(width)
            plot.tools.insertWidget(k, widget)
        self.layer.value_changed.connect(lambda _: self._layer_chosen())
        self.part.value_changed.connect(lambda _: self.show_again())
        self.sample.value_changed.connect(self.choose_sample)
        self.retranslate()

    def words(self) -> tuple[str, str]:
        return tr("Maps"), tr(
            "What a layer makes of one sample (maps), and the weights that it does it with (kernels): orange is "
            "negative, blue positive. Maps that stay empty belong to units that never fire."
        )

    def retranslate(self) -> None:
        super().retranslate()
        self.sample.setToolTip(tr("Which test sample is looked at"))
        self.sample.setAccessibleName(tr("Test sample"))
        self._show_parts()
        self.show_again()

    def choose_sample(self, index: object) -> None:
        """Another test sample."""
        if isinstance(index, int):
            self.feeder.sample = (self.feeder.sample[0], index)
            if self.sample.value() != index:
                self.sample.show_value(index)
            self.sample_changed.emit(index)

    def show_selected(self, nodes: Sequence[str]) -> None:
        """The layer that is selected on the canvas, if it has maps."""
        wanted = next((n for n in reversed(list(nodes)) if self.layer.findData(n) >= 0), None)
        if wanted is not None and wanted != self.layer.value():
            self.layer.show_value(wanted)
            self._layer_chosen()

    def _layer_chosen(self) -> None:
        self._show_parts()
        self.show_again()

    def _show_parts(self) -> None:
        snapshot, layer = self.seen.snapshot, self.layer.value()
        offers = [("maps", tr("maps"))]
        if snapshot is not None and layer in snapshot.kernels:
            offers.append(("kernels", tr("kernels")))
        self.part.show_options(offers)
        if self.part.value() is None:
            self.part.show_value("maps")

    def show_frame(self, new: Frame, old: Frame) -> None:
        snapshot = new.snapshot
        if snapshot is old.snapshot and new.run == old.run and new.names is old.names:
            return
        if new.dataset is not None and not new.dataset.image:
            self.plot.show_empty(tr("Maps belong to images. Choose image data and add a Conv2D layer to see them."))
            return
        if snapshot is None or not snapshot.maps:
            self.plot.show_empty(tr("Press Run or Step: the maps of the chosen layer are shown here."))
            return
        self._offer_layers(new)
        layer = self.layer.value()
        if layer is None:
            return
        wants_kernels = self.part.value() == "kernels" and layer in snapshot.kernels
        found = snapshot.kernels if wants_kernels else snapshot.maps
        if layer not in found:
            return
        array = found[layer]
        if wants_kernels:
            # A kernel over several channels is shown as the mean over them.
            self.tiles.show_tiles(array.mean(axis=1))
        else:
            self.tiles.show_tiles(array)

    def _offer_layers(self, frame: Frame) -> None:
        assert frame.snapshot is not None
        offers = [(n, frame.name(n)) for n in frame.snapshot.maps if n in frame.names]
        known = [(self.layer.itemData(k), self.layer.itemText(k)) for k in range(self.layer.count())]
        if offers != known:
            self.layer.show_options(offers)
            if not known or self.layer.value() is None:
                # The first one is the input itself: what the first layer makes of it is of more interest.
                self.layer.show_value(offers[min(1, len(offers) - 1)][0])
            self._show_parts()
