"""Many cards on their way: one picture of plain blocks and lines glides, while behind it the cards are moved in pieces.

To move a thousand cards with their wires takes longer than a frame may; to paint them as blocks does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGraphicsView, QWidget

from designer.canvas.look import Look
from designer.canvas.node_item import FAR, NodeItem
from widgets import tokens


class Curtain(QWidget):
    """Covers the paper and all on it, which is then not painted. ``ways``: (item, from, to); ``links``: pairs of cards
    that are wired."""

    def __init__(
        self,
        view: QGraphicsView,
        cards: Mapping[str, NodeItem],
        ways: Iterable[tuple[NodeItem, QPointF, QPointF]],
        links: Sequence[tuple[str, str]],
        look: Look,
    ) -> None:
        super().__init__(view.viewport())
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.view, self.look, self._share = view, look, 0.0
        moving = {item.node_id: (a.x(), a.y(), b.x() - a.x(), b.y() - a.y()) for item, a, b in ways}
        place = {n: k for k, n in enumerate(cards)}
        self._ways = [moving.get(n) or (i.x(), i.y(), 0.0, 0.0) for n, i in cards.items()]
        self._sizes = [(float(i.card.width), float(i.card.height)) for i in cards.values()]
        self._colors = [i.card.group for i in cards.values()]
        self._titles = [i.card.title for i in cards.values()]
        self._links = [(place[a], place[b]) for a, b in links if a in place and b in place]
        self.setGeometry(view.viewport().rect())
        self.show()

    def show_share(self, share: float) -> None:
        """How much of the way is done, 0 to 1."""
        self._share = share
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Plain paper, lines from middle to middle, and the cards as simply as the zoom allows."""
        share, theme = self._share, self.look.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.canvas))
        painter.setTransform(self.view.viewportTransform())
        exposed = self.view.viewportTransform().inverted()[0].mapRect(QRectF(self.rect()))
        at = [(x + dx * share, y + dy * share) for x, y, dx, dy in self._ways]
        painter.setPen(self.look.wire)
        middle = [(x + w / 2, y + h / 2) for (x, y), (w, h) in zip(at, self._sizes, strict=True)]
        painter.drawLines([QLineF(*middle[a], *middle[b]) for a, b in self._links])
        left, top, right, bottom = exposed.left(), exposed.top(), exposed.right(), exposed.bottom()
        shown = [
            (k, QRectF(x, y, w, h))
            for k, ((x, y), (w, h)) in enumerate(zip(at, self._sizes, strict=True))
            if x < right and y < bottom and x + w > left and y + h > top
        ]
        if self.view.transform().m11() < FAR:
            self._paint_blocks(painter, shown)
        else:
            self._paint_cards(painter, shown)
        painter.end()

    def _paint_blocks(self, painter: QPainter, shown: Sequence[tuple[int, QRectF]]) -> None:
        """From far a card is its colour."""
        blocks: dict[str, list[QRectF]] = {}
        for k, box in shown:
            blocks.setdefault(self._colors[k], []).append(box)
        painter.setPen(Qt.PenStyle.NoPen)
        for name, boxes in blocks.items():
            color = self.look.group(name)
            color.setAlphaF(0.85)
            painter.setBrush(color)
            painter.drawRects(boxes)

    def _paint_cards(self, painter: QPainter, shown: Sequence[tuple[int, QRectF]]) -> None:
        """Nearer there are few in sight: edge, border and name."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.look.name_font)
        for k, box in shown:
            painter.setPen(self.look.border)
            painter.setBrush(self.look.card)
            painter.drawRoundedRect(box, tokens.RADIUS, tokens.RADIUS)
            painter.fillRect(QRectF(box.x(), box.y(), tokens.NODE_EDGE, box.height()), self.look.group(self._colors[k]))
            painter.setPen(self.look.text)
            painter.drawText(QPointF(box.x() + 34, box.y() + 22.5), self._titles[k])
