"""Paper under a lens: wheel zoom to the cursor, pinch, pan, framing. Knows nothing of networks."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QNativeGestureEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QGraphicsView, QWidget

from designer.canvas.dots import Dots

LEAST_ZOOM, MOST_ZOOM = 0.05, 4.0
_FREE = 200_000.0
#: from this zoom on the paper has dots
DOTTED_FROM = 0.35


class PaperView(QGraphicsView):
    """A graphics view that can be moved freely in all directions."""

    zoom_changed = Signal(float)
    #: the part of the scene that is on the screen now
    viewed = Signal(QRectF)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plain, self._dots = QColor(), Dots(QColor(), QColor())
        #: everything was framed, and nobody has moved the view since
        self.whole = False
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        for policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSceneRect(-_FREE, -_FREE, 2 * _FREE, 2 * _FREE)
        self.setMouseTracking(True)
        self.viewport().installEventFilter(self)

    @property
    def zoom(self) -> float:
        """Screen pixels per scene unit."""
        return self.transform().m11()

    def visible_rect(self) -> QRectF:
        """What part of the scene is on the screen."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def show_paper(self, plain: QColor, dot: QColor) -> None:
        """The background: dotted near by, plain from far, where dots would be noise."""
        self._plain, self._dots = plain, Dots(plain, dot)
        self.setBackgroundBrush(plain)
        self.viewport().update()

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        """One blit: a sheet of dots for this zoom, a little larger than the view, is kept and pushed along."""
        if self.zoom < DOTTED_FROM:
            painter.fillRect(rect, QBrush(self._plain))
            return
        step = self._dots.step * self.zoom
        at = self.viewportTransform().map(QPointF(0, 0))
        painter.save()
        painter.resetTransform()
        sheet = self._dots.sheet(self.viewport().size(), self.zoom, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(round(at.x() % step - step), round(at.y() % step - step)), sheet)
        painter.restore()

    def repaint_whole(self, whole: bool) -> None:
        """While many cards move the view is painted as one piece: to find out what to leave takes longer."""
        modes = QGraphicsView.ViewportUpdateMode
        self.setViewportUpdateMode(modes.FullViewportUpdate if whole else modes.MinimalViewportUpdate)

    def zoom_to(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Zoom so that the viewport point stays where it is; the middle by default."""
        self.whole = False
        at = anchor if anchor is not None else QPointF(self.viewport().rect().center())
        zoom = min(max(zoom, LEAST_ZOOM), MOST_ZOOM)
        before = self.viewportTransform().inverted()[0].map(at)
        self.scale(zoom / self.zoom, zoom / self.zoom)
        self._scroll_by(self.viewportTransform().map(before) - at)
        self.viewed.emit(self.visible_rect())
        self.zoom_changed.emit(self.zoom)

    def pan(self, dx: float, dy: float) -> None:
        """Move the paper by that many screen pixels."""
        self.whole = False
        self._scroll_by(QPointF(-dx, -dy))
        self.viewed.emit(self.visible_rect())

    def _scroll_by(self, way: QPointF) -> None:
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + round(way.x()))
        down.setValue(down.value() + round(way.y()))

    def centre_on(self, point: QPointF) -> None:
        """That scene point in the middle."""
        self.whole = False
        at = self.viewportTransform().map(point)
        self._scroll_by(at - QPointF(self.viewport().rect().center()))
        self.viewed.emit(self.visible_rect())

    def frame(self, rect: QRectF) -> None:
        """Zoom (at most 100 %) and place so that the rectangle fills the view, with the corners left free."""
        if rect.isEmpty():
            self.zoom_to(1.0)
            self.centre_on(QPointF(400, 200))
            return
        room, (side, below) = self.viewport().rect(), self.frame_margins()
        across, down = max(room.width() - 2 * side, 40), max(room.height() - side - below, 40)
        self.zoom_to(min(across / rect.width(), down / rect.height(), 1.0))
        self.centre_on(rect.center() + QPointF(0, (below - side) / 2 / self.zoom))
        self.whole = rect.contains(self.everything())

    def everything(self) -> QRectF:
        """What there is to see."""
        return QRectF()

    def frame_margins(self) -> tuple[int, int]:
        """Screen pixels to leave at the sides and above, and below."""
        return 36, 36

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Wheel and Ctrl+wheel zoom to the cursor; two fingers on a trackpad pan."""
        pixels = event.pixelDelta()
        touchpad = event.device() is not None and event.device().type() == event.device().DeviceType.TouchPad
        if touchpad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            # X11 knows no pixels of a touchpad; a notch of 120 is 60 of them there.
            way = event.angleDelta() / 2 if pixels.isNull() else pixels
            self.pan(way.x(), way.y())
        else:
            steps = (event.angleDelta().y() or event.angleDelta().x()) / 120.0
            self.zoom_to(self.zoom * 1.2**steps, event.position())
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pinch on a trackpad, tool tips.

        A filter of the viewport, not an override of ``viewportEvent``: every mouse event would then be handled inside a
        Python call, and PySide 6.10 ends the process when a handler raises in there, instead of reporting it.
        """
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self.zoom * (1.0 + event.value()), event.position())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self.show_tip(event)
            return True
        if event.type() == QEvent.Type.Leave:
            self.mouse_left()
        return False

    def show_tip(self, event: QHelpEvent) -> None:
        """What to say about the thing under the mouse."""

    def mouse_left(self) -> None:
        """Nothing is under the mouse any more."""
