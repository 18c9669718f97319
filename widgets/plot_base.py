"""Base of the plots with axes: pyqtgraph in our clothes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QWidget

from widgets import tokens
from widgets.axes import DecadeAxis, NameAxis, PlotAxis
from widgets.canvas import Canvas, Mapping, hairline
from widgets.color_legend import ColorLegend
from widgets.legend import Legend
from widgets.panel import PlotPanel
from widgets.range_bar import RangeBar
from widgets.readout import Row
from widgets.tokens import color, theme

AxisKind = str
_AXES = {"linear": PlotAxis, "decades": DecadeAxis, "names": NameAxis}


class View(pg.ViewBox):
    """Wheel zooms around the pointer, left or middle drag pans."""

    moved_by_hand = Signal()
    y_moved = Signal()
    brushed = Signal(object)
    """With Shift held, a drag draws a rectangle (data coordinates, QRectF)."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.disableAutoRange()
        self.wheel_axis: int | None = None
        self._brushing = False

    def show_x(self, low: float, high: float) -> None:
        """``setXRange`` without a margin, and without its cost where nothing moves: data stream."""
        if self.viewRange()[0] != [low, high]:
            self.setXRange(low, high, padding=0.0)

    def show_y(self, low: float, high: float) -> None:
        """``setYRange`` likewise."""
        if self.viewRange()[1] != [low, high]:
            self.setYRange(low, high, padding=0.0)

    def wheelEvent(self, ev: object, axis: int | None = None) -> None:
        chosen = self.wheel_axis if axis is None else axis
        if axis is None and ev.modifiers() & Qt.KeyboardModifier.ControlModifier:  # type: ignore[attr-defined]
            chosen = pg.ViewBox.YAxis
        super().wheelEvent(ev, chosen)
        if chosen != pg.ViewBox.XAxis:
            self.y_moved.emit()
        self.moved_by_hand.emit()

    def mouseDragEvent(self, ev: object, axis: int | None = None) -> None:
        if ev.button() == Qt.MouseButton.RightButton:  # type: ignore[attr-defined]
            ev.ignore()  # type: ignore[attr-defined]
            return
        if ev.isStart():  # type: ignore[attr-defined]
            shift = ev.modifiers() & Qt.KeyboardModifier.ShiftModifier  # type: ignore[attr-defined]
            self._brushing = axis is None and bool(shift)
        if self._brushing:
            self._brush(ev)
            return
        super().mouseDragEvent(ev, axis)
        if axis != pg.ViewBox.XAxis:
            self.y_moved.emit()
        self.moved_by_hand.emit()

    def _brush(self, ev: object) -> None:
        ev.accept()  # type: ignore[attr-defined]
        start = self.mapToView(ev.buttonDownPos())  # type: ignore[attr-defined]
        end = self.mapToView(ev.pos())  # type: ignore[attr-defined]
        if ev.isFinish():  # type: ignore[attr-defined]
            self.rbScaleBox.hide()
            self.brushed.emit(QRectF(start, end).normalized())
        else:
            self.updateScaleBox(ev.buttonDownPos(), ev.pos())  # type: ignore[attr-defined]


class AxisPlot(PlotPanel):
    """A panel whose body is one plot. Subclasses override ``reset_view``, ``hover_rows`` and ``restyle``."""

    def __init__(
        self,
        title: str = "",
        help_text: str = "",
        *,
        x_axis: AxisKind = "linear",
        y_axis: AxisKind = "linear",
        legend_corner: tuple[float, float] = (1.0, 0.0),
        parent: QWidget | None = None,
    ) -> None:
        self.view = View()
        self.x_axis: PlotAxis = _AXES[x_axis]("bottom")
        self.y_axis: PlotAxis = _AXES[y_axis]("left")
        self.plot = pg.PlotWidget(viewBox=self.view, axisItems={"bottom": self.x_axis, "left": self.y_axis})
        self.beside: list[ColorLegend | RangeBar] = []
        self.follow = True
        """True until a person zooms or pans; then new data no longer move the view, until a double-click."""
        super().__init__(title, help_text, parent)
        self.plot.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.plot.hideButtons()
        self.plot.setFrameShape(self.plot.Shape.NoFrame)
        item = self.plot.getPlotItem()
        for unused in ("top", "right"):
            item.getAxis(unused).unlinkFromView()  # else they write their titles anew with each range, unseen
        item.layout.setContentsMargins(tokens.SPACE_2, tokens.SPACE_2, tokens.SPACE_4 + 2, tokens.SPACE_1)
        self.canvas = Canvas(self.view, self._paint)
        self.cursor_x: float | None = None
        self.row = QHBoxLayout(self.body)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(0)
        self.row.addWidget(self.plot, 1)
        self.legend = Legend(self.plot, legend_corner)
        self.readout.setParent(self.plot)
        self._connect()
        self.restyle()

    def _connect(self) -> None:
        self.view.moved_by_hand.connect(self._moved_by_hand)
        self.view.sigResized.connect(lambda _: self._view_resized())
        self.plot.viewport().setMouseTracking(True)
        self.plot.viewport().installEventFilter(self)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.timeout.connect(self.view_changed)

    def add_beside(self, widget: ColorLegend | RangeBar) -> None:
        """Puts a bar at the right, as high as the data area."""
        self.beside.append(widget)
        self.row.addWidget(widget)
        self.row.setContentsMargins(0, 0, tokens.SPACE_1, 0)

    # -- for subclasses ------------------------------------------------------------------------------------------

    def reset_view(self) -> None:
        """Shows all data."""

    def view_changed(self) -> None:
        """After a zoom, pan or resize: the moment to decimate anew."""

    def paint_data(self, painter: QPainter, at: Mapping) -> None:
        """Draws the data; grid is below, cursor above."""

    def hover_rows(self, x: float, y: float) -> tuple[str, Sequence[Row]]:
        """Title and rows for the read-out at data position (x, y); no title and no rows = nothing to say."""
        return "", ()

    def restyle(self) -> None:
        if not hasattr(self, "legend"):
            return
        self.plot.setBackground(theme().panel)
        for axis in (self.x_axis, self.y_axis):
            axis.restyle()
            axis.update()
        self.canvas.update()

    def _paint(self, painter: QPainter, at: Mapping) -> None:
        self.paint_grid(painter, at)
        self.paint_data(painter, at)
        if self.cursor_x is not None:
            x = at.x(self.cursor_x)
            hairline(painter, QPointF(x, at.area.top()), QPointF(x, at.area.bottom()), theme().outline)

    def paint_grid(self, painter: QPainter, at: Mapping) -> None:
        """Hairlines at the labels of the y axis."""
        for value, _ in self.y_axis.places():
            y = min(at.y(value), at.area.bottom() - 1)
            hairline(painter, QPointF(at.area.left(), y), QPointF(at.area.right(), y), theme().plot_grid)

    # -- mouse ---------------------------------------------------------------------------------------------------

    def paint_chosen(self, painter: QPainter, at: Mapping, ids: Sequence[str], chosen: Collection[str]) -> None:
        """A stripe of the accent's colour behind each chosen place of a names axis; before the grid."""
        for index, ident in enumerate(ids):
            if ident in chosen:
                stripe = at.rect(index - 0.5, index + 0.5, 0, 1)
                stripe = QRectF(stripe.left(), at.area.top(), stripe.width(), at.area.height())
                painter.fillRect(stripe, color(theme().accent, 0.13))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent) and not event.buttons():
            self._hover(event.position())
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel):
            self.hide_hover()
        elif self._is_reset(event):
            self._reset_by_hand()
            return True
        return super().eventFilter(watched, event)

    def _is_reset(self, event: QEvent) -> bool:
        return (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonDblClick
            and event.button() == Qt.MouseButton.LeftButton
            and self.data_at(event.position()) is not None
        )

    def data_at(self, place: QPointF) -> tuple[float, float] | None:
        """Position in the plot widget -> data coordinates, None outside the view."""
        scene = self.plot.mapToScene(place.toPoint())
        if not self.view.sceneBoundingRect().contains(scene):
            return None
        point = self.view.mapSceneToView(scene)
        return point.x(), point.y()

    def clicked_place(self, event: object) -> QPointF | None:
        """Where a single left click meets the data, in their own coordinates; None for any other click."""
        if event.double() or event.button() != Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            return None
        scene = event.scenePos()  # type: ignore[attr-defined]
        return self.view.mapSceneToView(scene) if self.view.sceneBoundingRect().contains(scene) else None

    def pixel_of(self, x: float, y: float) -> QPointF:
        """Data coordinates -> position in the plot widget."""
        return QPointF(self.plot.mapFromScene(self.view.mapViewToScene(QPointF(x, y))))

    def _hover(self, place: QPointF) -> None:
        at = self.data_at(place)
        title, rows = self.hover_rows(*at) if at else ("", ())
        if not (title or rows):
            self.hide_hover()
            return
        self.place_cursor(at[0] if at else 0.0)
        self.readout.show_at(place, title, rows)

    def place_cursor(self, x: float | None) -> None:
        """The hairline that follows the pointer, or stands at the point that is read; None takes it away."""
        if x != self.cursor_x:
            self.cursor_x = x
            self.canvas.update()

    def hide_hover(self) -> None:
        self.readout.hide()
        self.place_cursor(None)

    def _bare(self, bare: bool) -> None:
        self.place_cursor(None)
        super()._bare(bare)

    def _reset_by_hand(self) -> None:
        self.follow = True
        self.reset_view()
        self.view_changed()

    def _moved_by_hand(self) -> None:
        self.follow = False
        self._settle.start(0)

    def _view_resized(self) -> None:
        origin = self.plot.mapFromScene(self.view.sceneBoundingRect()).boundingRect()
        self.legend.keep_inside(QRectF(origin))
        for beside in self.beside:
            beside.keep_between(origin.top(), origin.bottom())
        self._settle.start(0)
