"""What lies over the paper: legend bottom left, map bottom right, the words on an empty canvas in the middle.

The map shows only while something is out of sight; with everything in view it would tell nothing and cover cards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, QTimer

from designer.canvas.bubble import EmptyHint
from designer.canvas.field_plate import FieldPlate
from designer.canvas.legend import Legend
from designer.canvas.minimap import Minimap
from widgets import tokens

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: free at each side of a framed network, in screen pixels
SIDE = 36


class Corners(QObject):
    """Owns the three, places them, and keeps the network framed until a person moves the view."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.legend, self.hint = Legend(canvas), EmptyHint(canvas)
        self.minimap, self.plate = Minimap(canvas.scene_, canvas), FieldPlate(canvas)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(lambda: self.keep_whole())
        self.legend.installEventFilter(self)
        canvas.viewed.connect(self.show_view)
        # Cards that move do so many times a second; the map may be a little late.
        self._later = QTimer(self, singleShot=True, interval=60)
        self._later.timeout.connect(self.follow)
        canvas.scene_.on_moved = self._moved
        canvas.scene_.on_grown = self._soon.start

    def _moved(self) -> None:
        if not self._later.isActive():
            self._later.start()

    def follow(self) -> None:
        """Cards came, went, or stand elsewhere."""
        self.minimap.refresh()
        self.show_view(self.canvas.visible_rect())

    def show_view(self, rect: QRectF) -> None:
        """What part of the scene is on the screen; the map hides while that is all of it."""
        content = self.canvas.everything()
        self.minimap.setVisible(not content.isEmpty() and not rect.contains(content))
        if self.minimap.isVisible():
            self.minimap.show_view(rect)

    def keep_whole(self, anew: bool = False) -> None:
        """Where the view shows all and nobody has moved it: frame anew (``anew``), or if something is out of sight."""
        canvas = self.canvas
        if canvas.whole and canvas.tool is None and canvas.drop_tool is None and (anew or not self._all_clear()):
            canvas.frame(canvas.everything())
        self.show_view(canvas.visible_rect())

    def _all_clear(self) -> bool:
        side, below = self.margins()
        room = self.canvas.viewport().rect().adjusted(side // 2, side // 2, -side // 2, -below + side // 2)
        return self.canvas.mapToScene(room).boundingRect().contains(self.canvas.everything())

    def show_hint(self, text: str) -> None:
        """The words on an empty canvas, and only on that."""
        self.hint.show_text(text)
        self.hint.setVisible(not self.canvas.store.state.graph.nodes)
        self.place()

    def margins(self) -> tuple[int, int]:
        """Sides, and above and below, so that the legend covers nothing."""
        legend = self.legend.height() + tokens.SPACE_2 if self.legend.isVisibleTo(self.canvas) else 0
        return SIDE, SIDE + legend

    def place(self) -> None:
        """Where the canvas has its corners and its middle."""
        room, space = self.canvas.rect(), tokens.SPACE_4
        self.legend.move(space, room.height() - self.legend.height() - space)
        lift = self.legend.height() + tokens.SPACE_2 if self.legend.isVisibleTo(self.canvas) else 0
        self.plate.resize(self.plate.sizeHint())
        self.plate.move(space, room.height() - self.plate.height() - space - lift)
        self.minimap.move(room.width() - self.minimap.width() - space, room.height() - self.minimap.height() - space)
        self.hint.adjustSize()
        self.hint.move((room.width() - self.hint.width()) // 2, (room.height() - self.hint.height()) // 2)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The legend came or went: it needs, or gives back, a strip below the cards."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Resize):
            self.place()
            self._soon.start()
        return False
