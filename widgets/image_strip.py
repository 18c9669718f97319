"""Pictures in rows with captions: answers of the network, previews of data."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from widgets import colormaps, tokens
from widgets.export import Table
from widgets.i18n import tr
from widgets.panel import PlotPanel
from widgets.tokens import color, theme

GAP = 8
CHECK = (((-3.5, 0.2), (-1.0, 2.8), (3.6, -2.6)),)
CROSS = (((-2.6, -2.6), (2.6, 2.6)), ((-2.6, 2.6), (2.6, -2.6)))


class _Strip(QWidget):
    """The painted part."""

    clicked = Signal(int)
    hovered = Signal(int, QPointF)

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[QImage] = []
        self.captions: list[str] = []
        self.right: list[bool | None] = []
        self.side = 64
        self.selected = -1
        self._hover = -1
        self._across = 1
        self._room = 1.0
        self._cell = (1.0, 1.0)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        tokens.on_theme(self, self._restyle)

    def _restyle(self) -> None:
        self.setFont(tokens.font("caption"))
        self.measure()
        self.update()

    def lines(self) -> int:
        return max((caption.count("\n") + 1 for caption in self.captions if caption), default=0)

    def measure(self) -> None:
        """Width and height that one picture takes, caption and gap included; after new captions or a new font."""
        metrics = QFontMetricsF(self.font())
        widest = max((metrics.horizontalAdvance(line) for c in self.captions for line in c.split("\n")), default=0.0)
        width = max(self.side + 4.0, min(widest + 4, self.side * 1.45))
        self._cell = (width + GAP, self.side + 4 + self.lines() * metrics.height() + GAP)

    def arrange(self, width: float) -> float:
        """Chooses the pictures per row; returns the height needed."""
        across, down = self._cell
        self._across = max(1, min(int((width - GAP) // across), len(self.pictures)))
        # What is left over is shared out; a few pictures stay together at the left.
        self._room = min((width - GAP) / self._across, across * 1.3)
        return GAP + math.ceil(len(self.pictures) / self._across) * down

    def picture_rect(self, index: int) -> QRectF:
        """Where picture ``index`` is painted."""
        width, height = self._room, self._cell[1]
        row, column = divmod(index, self._across)
        left = GAP + column * width + (width - GAP - self.side) / 2
        return QRectF(left, GAP + row * height, self.side, self.side)

    def index_at(self, place: QPointF) -> int:
        """The picture whose cell (caption included) holds the position, -1 if none."""
        width, height = self._room, self._cell[1]
        column, row = int((place.x() - GAP) // width), int((place.y() - GAP) // height)
        index = row * self._across + column
        inside = place.x() >= GAP and place.y() >= GAP and column < self._across
        return index if inside and 0 <= index < len(self.pictures) else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = QRectF(event.rect())
        width, height = self._cell
        for index in range(len(self.pictures)):
            rect = self.picture_rect(index)
            if rect.adjusted(-width, -GAP, width, height).intersects(shown):
                self._paint_one(painter, index, rect)

    def _paint_one(self, painter: QPainter, index: int, rect: QRectF) -> None:
        picture = self.pictures[index]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, picture.width() > rect.width())
        scale = min(rect.width() / picture.width(), rect.height() / picture.height())
        size = QRectF(0, 0, picture.width() * scale, picture.height() * scale)
        size.moveCenter(rect.center())
        painter.drawImage(size, picture)
        right = self.right[index] if index < len(self.right) else None
        hue = theme().border if right is None else (theme().good if right else theme().error)
        if index == self.selected:
            hue = theme().accent
        painter.setPen(QPen(color(hue), 2 if right is not None or index == self.selected else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(-1, -1, 1, 1), 2, 2)
        if index == self._hover:
            painter.setPen(QPen(color(theme().text), 1))
            painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), 3, 3)
        if right is not None:
            self._paint_symbol(painter, rect, right)
        self._paint_caption(painter, index, rect)

    def _paint_symbol(self, painter: QPainter, rect: QRectF, right: bool) -> None:
        """Check or cross in the corner: the colour is not alone."""
        box = QRectF(rect.right() - 14, rect.top() - 2, 16, 16)
        hue = theme().good if right else theme().error
        painter.setPen(QPen(color(theme().panel), 1.5))
        painter.setBrush(color(hue))
        painter.drawEllipse(box)
        painter.setPen(QPen(color(theme().panel), 2, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
        middle = box.center()
        strokes = CHECK if right else CROSS
        for stroke in strokes:
            painter.drawPolyline([middle + QPointF(x, y) for x, y in stroke])

    def _paint_caption(self, painter: QPainter, index: int, rect: QRectF) -> None:
        if index >= len(self.captions) or not self.captions[index]:
            return
        metrics = QFontMetricsF(self.font())
        width = self._room
        for line, text in enumerate(self.captions[index].split("\n")):
            area = QRectF(rect.center().x() - width / 2, rect.bottom() + 3 + line * metrics.height(), width, 20)
            painter.setPen(color(theme().text if line == 0 else theme().secondary))
            short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width - 2)
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, short)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if index != self._hover:
            self._hover = index
            self.update()
        self.hovered.emit(index, event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.hovered.emit(-1, QPointF())
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._choose(index)
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self._across, Qt.Key.Key_Down: self._across}
        move = step.get(Qt.Key(event.key()))
        if move is None or not self.pictures:
            super().keyPressEvent(event)
        elif 0 <= self.selected + move < len(self.pictures):
            self._choose(self.selected + move)

    def _choose(self, index: int) -> None:
        self.selected = index
        self.update()
        self.clicked.emit(index)


class ImageStrip(PlotPanel):
    """Thumbnails with captions of one or two lines; green with a check = right, red with a cross = wrong."""

    image_clicked = Signal(int)

    def __init__(self, title: str = "", help_text: str = "", *, side: int = 64, parent: QWidget | None = None) -> None:
        self.strip = _Strip()
        self.strip.side = side
        super().__init__(title, help_text, parent)
        self._area = QScrollArea()
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self.strip)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(tokens.SPACE_1, 0, tokens.SPACE_1, tokens.SPACE_1)
        column.addWidget(self._area)
        self.strip.clicked.connect(self.image_clicked)
        self.strip.hovered.connect(self._hovered)
        self.show_empty(tr("No pictures yet. Choose data, or press Run to see answers."))

    def show_images(
        self,
        images: ArrayLike | Sequence[ArrayLike],
        captions: Sequence[str] = (),
        right: Sequence[bool | None] | None = None,
    ) -> None:
        """``images`` (N, H, W), (N, 1, H, W) or (N, 3, H, W), 0..1 or uint8, or a list of pictures of any size;
        ``right``: True, False or None (no judgement) for each."""
        strip = self.strip
        strip.pictures = [colormaps.image(colormaps.words_of_rgb(np.asarray(image))) for image in images]
        strip.captions = list(captions)
        strip.right = [] if right is None else [None if r is None else bool(r) for r in right]
        strip.selected = -1
        strip.measure()
        if strip.pictures:
            self.show_data()
        self._arrange()

    def show_selected(self, index: int) -> None:
        """Frames one picture without a signal; -1 frames none."""
        self.strip.selected = index
        self.strip.update()

    def _arrange(self) -> None:
        room = self._area.contentsRect()
        needed = self.strip.arrange(room.width())
        width = room.width()
        if needed > room.height():
            width -= self._area.verticalScrollBar().sizeHint().width()
            needed = self.strip.arrange(width)
        self.strip.resize(width, max(round(needed), room.height()))
        self.strip.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle()

    def show_data(self) -> None:
        super().show_data()
        self._settle()

    def showEvent(self, event: object) -> None:
        self._settle()

    def _settle(self) -> None:
        if hasattr(self, "_area"):
            self.layout().activate()
            self.body.layout().activate()
            self._arrange()

    def _hovered(self, index: int, place: QPointF) -> None:
        strip = self.strip
        if not 0 <= index < len(strip.captions):
            self.readout.hide()
            return
        first, *rest = strip.captions[index].split("\n")
        title = tr("picture {index}", index=index)
        rows = [("", text, "") for text in (first, *rest) if text]
        self.readout.show_at(strip.mapTo(self.body, place), title, rows)

    def table(self) -> Table:
        strip = self.strip
        rows = (
            (
                index,
                (strip.captions[index] if index < len(strip.captions) else "").replace("\n", "; "),
                {True: "right", False: "wrong"}.get(strip.right[index] if index < len(strip.right) else None, ""),  # type: ignore[arg-type]
            )
            for index in range(len(strip.pictures))
        )
        return ("picture", "caption", "judgement"), rows
