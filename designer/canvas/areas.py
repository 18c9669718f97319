"""Frames and sticky notes: quiet areas behind the cards."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QTextDocument
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from designer.canvas.look import Look
from designer.document import Frame, Note
from widgets import tokens


class AreaItem(QGraphicsRectItem):
    """One frame or note. A note's text is Markdown without links or pictures from outside."""

    def __init__(self, key: tuple[str, str], area: Frame | Note, look: Look) -> None:
        super().__init__()
        self.key = key
        self.setPen(Qt.PenStyle.NoPen)
        self.setZValue({"frame": -3, "group": -2}.get(key[0], -1))
        self.show_area(area, look)

    def show_area(self, area: Frame | Note, look: Look) -> None:
        """Other text, place or colour."""
        self.area, self.look = area, look
        self.setRect(area.box.x, area.box.y, area.box.width, area.box.height)
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A tinted area with its title above, or a note."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area, theme, rect = self.area, self.look.theme, self.rect()
        tint = theme.group(area.colour) if area.colour else theme.outline
        note = isinstance(area, Note)
        back = tokens.blend(theme.canvas, theme.warning if note and not area.colour else tint, 0.16 if note else 0.07)
        painter.setBrush(QColor(back))
        painter.setPen(QColor(tokens.blend(theme.canvas, tint, 0.4)))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), tokens.RADIUS, tokens.RADIUS)
        if isinstance(area, Frame):
            painter.setFont(self.look.name_font)
            painter.setPen(self.look.secondary)
            painter.drawText(rect.adjusted(14, 10, -14, 0), Qt.AlignmentFlag.AlignLeft, area.title)
        else:
            self._paint_note(painter, area, rect.adjusted(8, 6, -8, -6))

    def _paint_note(self, painter: QPainter, note: Note, rect: QRectF) -> None:
        text = QTextDocument()
        text.setDefaultFont(self.look.line_font)
        text.setMarkdown(note.text, QTextDocument.MarkdownFeature.MarkdownNoHTML)
        text.setTextWidth(rect.width())
        painter.save()
        painter.setClipRect(rect)
        painter.translate(rect.topLeft())
        context = text.documentLayout()
        paint = context.PaintContext()
        paint.palette.setColor(paint.palette.ColorRole.Text, self.look.text)
        context.draw(painter, paint)
        painter.restore()
