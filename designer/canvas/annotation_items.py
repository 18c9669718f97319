"""Frames and notes on the canvas: what they look like, and what of them the mouse is over."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QTextDocument
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from designer.canvas.areas import AreaItem
from designer.canvas.look import Look
from designer.canvas.markdown import note_document
from designer.document import Frame, Note
from designer.document.frames import HEAD
from designer.document.geometry import snap_up
from widgets import tokens

#: below this zoom a note shows its text in plain large letters
FAR = 0.6
_PAD = 10.0
#: how near to an edge, on the screen, it is taken hold of
GRIP = 6.0
_LARGEST_TITLE = 2.4


def area_item(key: tuple[str, str], area: Frame | Note, look: Look) -> AreaItem:
    """The item for a frame, a note or a group's area."""
    kinds = {"frame": FrameItem, "note": NoteItem}
    return kinds.get(key[0], AreaItem)(key, area, look)


class ChosenItem(AreaItem):
    """An area that can be selected."""

    selected = False

    def show_flag(self, selected: bool) -> None:
        """The outline."""
        if selected != self.selected:
            self.selected = selected
            self.update()

    def tint(self) -> str:
        """Its colour, or the neutral one."""
        theme = self.look.theme
        return theme.group(self.area.colour) if self.area.colour in tokens.GROUPS else theme.outline

    def _paint_handles(self, painter: QPainter, zoom: float) -> None:
        side = min(7.0 / zoom, 60.0)
        painter.setPen(QPen(tokens.color(self.look.theme.accent), 1.5 / zoom))
        painter.setBrush(tokens.color(self.look.theme.panel))
        rect = self.rect()
        for corner in (rect.topLeft(), rect.topRight(), rect.bottomLeft(), rect.bottomRight()):
            painter.drawRect(QRectF(corner.x() - side / 2, corner.y() - side / 2, side, side))

    def boundingRect(self) -> QRectF:
        """With room for the outline and the corners' handles at any zoom."""
        return self.rect().adjusted(-32, -32, 32, 32)


def _zoomed(font: QFont, zoom: float, most: float = _LARGEST_TITLE) -> QFont:
    """Larger where one looks from afar, so that it can still be read."""
    larger = QFont(font)
    larger.setPointSizeF(font.pointSizeF() * min(max(0.8 / max(zoom, 0.05), 1.0), most))
    return larger


class FrameItem(ChosenItem):
    """A tinted area with its title at the top left, which stays legible from afar."""

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        theme, rect, tint = self.look.theme, self.rect(), self.tint()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(tokens.blend(theme.canvas, tint, 0.10)))
        edge = QPen(QColor(theme.accent if self.selected else tokens.blend(theme.canvas, tint, 0.5)))
        edge.setWidthF((2.0 if self.selected else 1.0) / min(zoom, 1.0))
        painter.setPen(edge)
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), tokens.RADIUS, tokens.RADIUS)
        font = _zoomed(self.look.name_font, zoom)
        painter.setFont(font)
        painter.setPen(self.look.text if self.area.colour else self.look.secondary)
        strip = title_strip(rect)
        title = painter.fontMetrics().elidedText(self.area.title, Qt.TextElideMode.ElideRight, int(strip.width()))
        painter.drawText(strip, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        if self.selected:
            self._paint_handles(painter, zoom)


def title_strip(rect: QRectF) -> QRectF:
    """Where a frame's title stands."""
    return QRectF(rect.x() + 14, rect.y() + 4, max(rect.width() - 28, 1), HEAD - 12)


class NoteItem(ChosenItem):
    """A sheet with Markdown, laid out when it is first painted and when text, width or theme are others."""

    _laid: tuple[str, float, Look, QTextDocument] | None = None

    @property
    def note(self) -> Note:
        """What it shows."""
        assert isinstance(self.area, Note)
        return self.area

    def document(self) -> QTextDocument:
        """The text as it is laid out."""
        text, width = self.note.text, self.rect().width() - 2 * _PAD
        if self._laid is None or self._laid[:2] != (text, width) or self._laid[2] is not self.look:
            self._laid = (text, width, self.look, note_document(text, self.look, width))
        return self._laid[3]

    def height_of(self, text: str) -> float:
        """How high the note must be to show all of a text, on the grid."""
        laid = note_document(text, self.look, self.rect().width() - 2 * _PAD)
        return float(snap_up(laid.size().height() + 2 * _PAD - 4))

    def text_rect(self) -> QRectF:
        """Where the text stands, in scene coordinates."""
        return self.rect().adjusted(_PAD, _PAD - 2, -_PAD, -_PAD + 2)

    def link_at(self, point: QPointF) -> str:
        """The address of the link there, or ""."""
        room = self.text_rect()
        if not room.contains(point):
            return ""
        return self.document().documentLayout().anchorAt(point - room.topLeft())

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        theme, rect = self.look.theme, self.rect()
        tint = theme.group(self.area.colour if self.area.colour in tokens.GROUPS else "normalization")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(tokens.blend(theme.canvas, tint, 0.18)))
        edge = QPen(QColor(theme.accent if self.selected else tokens.blend(theme.canvas, tint, 0.45)))
        edge.setWidthF((2.0 if self.selected else 1.0) / min(zoom, 1.0))
        painter.setPen(edge)
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), tokens.RADIUS, tokens.RADIUS)
        self._paint_text(painter, zoom)
        if self.selected:
            self._paint_handles(painter, zoom)

    def _paint_text(self, painter: QPainter, zoom: float) -> None:
        room = self.text_rect()
        painter.save()
        painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
        if zoom < FAR:
            painter.setFont(_zoomed(self.look.note_font, zoom))
            painter.setPen(self.look.text)
            wrap = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(room, wrap, self.document().toPlainText()[:240])
        else:
            painter.translate(room.topLeft())
            self.document().drawContents(painter, QRectF(0, 0, room.width(), room.height()))
        painter.restore()
        if zoom >= FAR and self.document().size().height() > room.height() + 2:
            painter.setPen(self.look.secondary)
            painter.setFont(self.look.note_font)
            end = QRectF(room.right() - 16, room.bottom() - 10, 20, 16)
            painter.drawText(end, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "…")


@dataclass(frozen=True)
class Hit:
    """An area under the mouse: which, and the edges that a drag there would move (none: all of it moves)."""

    key: tuple[str, str]
    edges: frozenset[str] = frozenset()


def area_at(areas: dict[tuple[str, str], AreaItem], point: QPointF, zoom: float) -> Hit | None:
    """The note, or the frame's border or title, that is there; the smallest where several are.

    The inside of a frame is paper: what stands in it is selected by a rubber band.
    """
    grip, found = GRIP / zoom, []
    for key, item in areas.items():
        rect = item.rect()
        near = rect.adjusted(-grip, -grip, grip, grip)
        if not isinstance(item, ChosenItem) or not item.isVisible() or not near.contains(point):
            continue
        edges = _edges(rect, point, grip)
        head = QRectF(rect.x(), rect.y(), rect.width(), HEAD - 8)
        if edges or key[0] == "note" or head.contains(point):
            found.append((key[0] != "note", rect.width() * rect.height(), Hit(key, edges)))
    return min(found, key=lambda f: f[:2])[2] if found else None


def _edges(rect: QRectF, point: QPointF, grip: float) -> frozenset[str]:
    near = {
        "left": abs(point.x() - rect.left()) <= grip,
        "right": abs(point.x() - rect.right()) <= grip,
        "top": abs(point.y() - rect.top()) <= grip,
        "bottom": abs(point.y() - rect.bottom()) <= grip,
    }
    return frozenset(name for name, hit in near.items() if hit)


def cursor_for(hit: Hit | None) -> Qt.CursorShape:
    """The shape that says what a drag would do."""
    shapes = Qt.CursorShape
    edges = hit.edges if hit is not None else frozenset()
    if len(edges) == 1:
        return shapes.SizeHorCursor if edges & {"left", "right"} else shapes.SizeVerCursor
    if edges:
        falling = edges in ({"left", "top"}, {"right", "bottom"})
        return shapes.SizeFDiagCursor if falling else shapes.SizeBDiagCursor
    return shapes.ArrowCursor
