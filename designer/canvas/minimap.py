"""The whole network in a corner: click or drag to go there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap, QTransform
from PySide6.QtWidgets import QWidget

from designer.canvas.look import look_of
from designer.canvas.scene import CanvasScene
from widgets import tokens
from widgets.i18n import tr

#: how much its ground hides of the cards under it
_GLASS = 0.72


class Minimap(QWidget):
    """Cards as blocks in their group's colour and the view as a frame. Repaints at most 30 times a second."""

    #: the scene point that should be in the middle of the view
    go = Signal(QPointF)

    def __init__(self, scene: CanvasScene, parent: QWidget) -> None:
        super().__init__(parent)
        self.scene, self.view = scene, QRectF()
        self.setAccessibleName(tr("Map of the network"))
        self.setToolTip(tr("Click to go there"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._soon = QTimer(self, singleShot=True, interval=33)
        self._soon.timeout.connect(self.update)
        self._later = QTimer(self, singleShot=True, interval=120)
        self._later.timeout.connect(self.redraw)
        self._blocks: QPixmap | None = None
        self._content = QRectF()
        self.resize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """As in the drawing of the main window."""
        return QSize(140, 70)

    def show_view(self, rect: QRectF) -> None:
        """What part of the scene is on the screen."""
        self.view = rect
        if not self._soon.isActive():
            self._soon.start()

    def refresh(self) -> None:
        """Something moved: draw the blocks anew, a few times a second at most."""
        if not self._later.isActive():
            self._later.start()

    def redraw(self) -> None:
        """Draw the blocks anew with the next repaint."""
        self._blocks = None
        self.update()

    def to_map(self) -> QTransform:
        """Scene to widget: the content inside, to scale, centred."""
        inner = QRectF(self.rect()).adjusted(8, 8, -8, -8)
        world = self.scene.content() if self._blocks is None else self._content
        if world.isEmpty():
            return QTransform()
        scale = min(inner.width() / world.width(), inner.height() / world.height(), 0.25)
        move = inner.center() - world.center() * scale
        return QTransform(scale, 0, 0, scale, move.x(), move.y())

    def _draw_blocks(self) -> QPixmap:
        look, ratio = look_of(tokens.theme()), self.devicePixelRatioF()
        self._content = self.scene.content()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.border)
        painter.setBrush(tokens.color(look.theme.panel, _GLASS))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), tokens.RADIUS, tokens.RADIUS)
        to_map = self.to_map()
        by_group: dict[str, list[QRectF]] = {}
        for item in self.scene.cards.values():
            by_group.setdefault(item.card.group, []).append(item.box())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setTransform(to_map)
        for group, boxes in by_group.items():
            painter.setBrush(QColor(look.theme.group(group)))
            painter.drawRects(boxes)
        painter.end()
        return picture

    def paintEvent(self, event: QPaintEvent) -> None:
        """Blocks as they were drawn last, and the frame of the view."""
        if self._blocks is None or self._blocks.deviceIndependentSize() != self.size().toSizeF():
            self._blocks = self._draw_blocks()
        theme = tokens.theme()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._blocks)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.accent))
        painter.setBrush(tokens.color(theme.accent, 0.08))
        frame = self.to_map().mapRect(self.view).intersected(QRectF(self.rect()).adjusted(4, 4, -4, -4))
        painter.drawRoundedRect(frame, 2, 2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow while the button is down."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """It is ours: the canvas below must not see half a click."""
        event.accept()

    def _go(self, event: QMouseEvent) -> None:
        back, possible = self.to_map().inverted()
        if possible:
            self.go.emit(back.map(event.position()))
