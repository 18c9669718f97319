"""What a comparison found, drawn over the canvas: frames around added and changed layers, ghosts of removed ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from designer.document import DocState
from designer.document.compare import Comparison
from designer.document.geometry import Point
from widgets import tokens

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

AROUND, SIGN, GHOST = 6.0, 18.0, (168.0, 56.0)
#: sign and colour of each kind; the sign says the same as the colour
SIGNS = {"added": ("+", "good"), "removed": ("−", "error"), "changed": ("≠", "warning")}


class CompareMarks(QGraphicsItem):
    """Lies over everything and takes no mouse. ``show_found(None, ...)`` takes it all away."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.canvas = canvas
        self.kinds: Mapping[str, str] = {}
        #: where a layer that is missing here stands there, and its name
        self.ghosts: dict[str, tuple[Point, str]] = {}
        self.setZValue(30)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        canvas.scene_.addItem(self)
        self.setVisible(False)

    def show_found(self, found: Comparison | None, before: DocState | None) -> None:
        """Marks of this comparison; ``before`` knows where the removed layers stood."""
        self.prepareGeometryChange()
        self.kinds = found.kinds("after") if found is not None else {}
        self.ghosts = {}
        for one in found.nodes if found is not None else ():
            if one.kind == "removed" and one.before is not None and before is not None:
                self.ghosts[one.before] = before.position(one.before), one.name
        self.setVisible(found is not None)
        self.update()

    def ghost_box(self, node: str) -> QRectF:
        """Where a removed layer stood."""
        at = self.ghosts[node][0]
        return QRectF(at.x, at.y, *GHOST)

    def boundingRect(self) -> QRectF:
        """All cards and ghosts: cards may be moved while the marks are there."""
        rect = self.canvas.scene_.content()
        for node in self.ghosts:
            rect = rect.united(self.ghost_box(node))
        return rect.adjusted(-SIGN, -SIGN, SIGN, SIGN)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A frame and a sign for each."""
        scene = self.canvas.scene_
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for node, kind in self.kinds.items():
            if node in scene.nodes:
                self._mark(painter, scene.content((node,)), kind)
        for node, (_, name) in self.ghosts.items():
            box = self.ghost_box(node)
            self._mark(painter, box, "removed", ghost=True)
            painter.setPen(tokens.color(tokens.theme().secondary))
            painter.setFont(tokens.font("body"))
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(box.width()) - 24)
            painter.drawText(box.adjusted(12, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter, shown)

    @staticmethod
    def _mark(painter: QPainter, box: QRectF, kind: str, ghost: bool = False) -> None:
        sign, role = SIGNS[kind]
        ink = tokens.color(getattr(tokens.theme(), role))
        frame = box if ghost else box.adjusted(-AROUND, -AROUND, AROUND, AROUND)
        painter.setPen(QPen(ink, 2, Qt.PenStyle.DashLine if ghost else Qt.PenStyle.SolidLine))
        painter.setBrush(tokens.color(getattr(tokens.theme(), role), 0.06))
        painter.drawRoundedRect(frame, tokens.RADIUS, tokens.RADIUS)
        badge = QRectF(frame.left() - SIGN / 2, frame.top() - SIGN / 2, SIGN, SIGN)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(badge)
        painter.setPen(tokens.color(tokens.theme().canvas))
        painter.setFont(tokens.font("body", bold=True))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, sign)
