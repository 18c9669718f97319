"""A wall of small pictures: kernels, feature maps, pooling outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from widgets import tokens
from widgets.axes import value_text
from widgets.color_legend import ColorLegend
from widgets.export import Table
from widgets.fields.choice import Choice
from widgets.i18n import tr
from widgets.panel import PlotPanel
from widgets.tile_canvas import Scale, TileCanvas


class TileGrid(PlotPanel):
    """(K, H, W) values as K pictures; hover tells the value, a double-click opens one picture full size."""

    tile_clicked = Signal(int)
    tile_opened = Signal(int)

    def __init__(self, title: str = "", help_text: str = "", *, parent: QWidget | None = None) -> None:
        self.canvas = TileCanvas()
        super().__init__(title, help_text, parent)
        self._area = QScrollArea()
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setWidget(self.canvas)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.color_legend = ColorLegend()
        self.color_legend.setCursor(Qt.CursorShape.ArrowCursor)
        self.color_legend.setEnabled(False)
        row = QHBoxLayout(self.body)
        row.setContentsMargins(tokens.SPACE_2, 0, tokens.SPACE_1, tokens.SPACE_2)
        row.setSpacing(tokens.SPACE_1)
        row.addWidget(self._area, 1)
        row.addWidget(self.color_legend)
        self.scale_choice = Choice(
            [("unit", tr("per unit")), ("layer", tr("per layer")), ("global", tr("global"))], "layer"
        )
        self.scale_choice.setMinimumContentsLength(8)
        self.scale_choice.setToolTip(tr("Which pictures share one colour scale"))
        self.scale_choice.value_changed.connect(self.show_scale)
        self.tools.addWidget(self.scale_choice)
        self.canvas.hovered.connect(self._hovered)
        self.canvas.clicked.connect(self.tile_clicked)
        self.canvas.opened.connect(self._open)
        self.show_empty(tr("No pictures yet. Select a layer with maps and press Run or Step."))

    def show_tiles(
        self,
        array: ArrayLike,
        *,
        signed: bool = True,
        captions: Sequence[str] = (),
        scale: Scale | None = None,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        """``array`` (K, H, W), or (K, 3, H, W) with 0..1 or uint8 for pictures in colour.

        ``signed`` chooses orange - neutral - blue, else viridis. ``bounds`` = (low, high) is what "global" uses.
        """
        values = np.asarray(array)
        if values.ndim == 4 and values.shape[1] == 1:
            values = values[:, 0]
        pictures = values.ndim == 4
        if values.ndim not in (3, 4) or (pictures and values.shape[1] != 3):
            raise ValueError(f"tiles: expected (K, H, W) or (K, 3, H, W), got {values.shape}")
        canvas = self.canvas
        changed = canvas.values.shape != values.shape or bool(captions) != bool(canvas.captions)
        canvas.values = values if pictures else np.asarray(values, dtype=np.float32)
        canvas.pictures, canvas.signed, canvas.captions, canvas.bounds = pictures, signed, list(captions), bounds
        if scale is not None:
            canvas.scale = scale
            self.scale_choice.show_value(scale)
        canvas.recolour()
        self._show_color_legend()
        if len(values):
            self.show_data()
        if changed:
            self._arrange()

    def show_scale(self, scale: Scale) -> None:
        """One colour scale per "unit", per "layer" or "global"."""
        self.canvas.scale = scale
        self.scale_choice.show_value(scale)
        self.canvas.recolour()
        self._show_color_legend()

    def show_selected(self, index: int) -> None:
        """Frames one picture; -1 frames none."""
        self.canvas.selected = index
        self.canvas.update()

    def value_at(self, tile: int, row: int, column: int) -> float:
        """The value under a cell; of a picture in colour, the mean of its channels."""
        return float(np.mean(self.canvas.values[tile, ..., row, column]))

    def restyle(self) -> None:
        if hasattr(self, "color_legend"):
            self._show_color_legend()

    def _show_color_legend(self) -> None:
        canvas = self.canvas
        common = bool(len(canvas.values)) and not canvas.pictures and canvas.scale != "unit"
        self.color_legend.setVisible(common)
        if common:
            low, high = (float(bound[0]) for bound in canvas.ranges())
            self.color_legend.show_scale("signed" if canvas.signed else "linear", low, high, canvas.table())

    def _arrange(self) -> None:
        room = self._area.contentsRect()
        needed = self.canvas.arrange(room.width(), room.height())
        if needed > room.height():
            bar = self._area.verticalScrollBar().sizeHint().width()
            needed = self.canvas.arrange(room.width() - bar, room.height())
        width = room.width()
        self.canvas.resize(width, max(round(needed), room.height()))
        self.canvas.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle()

    def showEvent(self, event: object) -> None:
        self._settle()

    def show_data(self) -> None:
        super().show_data()
        self._settle()

    def _settle(self) -> None:
        if hasattr(self, "_area"):
            self.layout().activate()
            self.body.layout().activate()
            self._arrange()

    def _hovered(self, tile: int, row: int, column: int, place: QPointF) -> None:
        if tile < 0:
            self.readout.hide()
            return
        canvas = self.canvas
        name = canvas.captions[tile] if tile < len(canvas.captions) else tr("unit {index}", index=tile)
        rows = [("", tr("row {row}, column {column}", row=row, column=column), self.value_text(tile, row, column))]
        self.readout.show_at(canvas.mapTo(self.body, place), name, rows)

    def value_text(self, tile: int, row: int, column: int) -> str:
        """The value as it is read out; three numbers for a picture in colour."""
        values = np.atleast_1d(self.canvas.values[tile, ..., row, column])
        return "  ".join(value_text(float(value)) for value in values)

    def _open(self, index: int) -> None:
        self.tile_opened.emit(index)
        self.tile_dialog(index).show()

    def tile_dialog(self, index: int) -> QDialog:
        """One picture as large as it goes, with the value under the pointer."""
        canvas = self.canvas
        dialog = QDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        caption = canvas.captions[index] if index < len(canvas.captions) else tr("unit {index}", index=index)
        dialog.setWindowTitle(f"{self.title()}: {caption}" if self.title() else caption)
        single = TileGrid(dialog.windowTitle(), parent=dialog)
        low, high = canvas.ranges()
        single.show_tiles(
            canvas.values[index : index + 1].copy(),
            signed=canvas.signed,
            scale="global",
            bounds=(float(low[index]), float(high[index])),
        )
        single.scale_choice.hide()
        column = QVBoxLayout(dialog)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(single)
        dialog.resize(560, 600)
        return dialog

    def table(self) -> Table:
        values = self.canvas.values
        names = (
            ("tile", "channel", "row", "column", "value") if values.ndim == 4 else ("tile", "row", "column", "value")
        )
        return names, ((*place, float(value)) for place, value in np.ndenumerate(values))
