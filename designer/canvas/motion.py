"""Motion for what a person causes: 150 ms ease-out from where things were; none when motion is reduced."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QTimer, QVariantAnimation

from designer.canvas.curtain import Curtain
from designer.canvas.extent import moved_only
from designer.canvas.node_item import NodeItem
from designer.document import DocState
from widgets import tokens

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: with more cards on their way a frame would take longer than the eye forgives: a curtain of blocks glides instead
MOST = 150
#: so long the cards behind the curtain are moved before the window has its turn
PIECE_S = 0.006


class Motion(QObject):
    """Glides cards to their new places. ``begin()`` before the edit, then the scene hands over what moved."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.armed = False
        self._ways: list[tuple[NodeItem, QPointF, QPointF]] = []
        self._run = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=tokens.MOTION_MS)
        self._run.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._run.valueChanged.connect(self._step)
        self._run.finished.connect(self._arrived)
        self._after: Callable[[], None] | None = None
        self._take_back: Callable[[], None] | None = None
        self._curtain: Curtain | None = None
        self._pieces: Iterator[None] | None = None
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.timeout.connect(self._piece)

    @property
    def busy(self) -> bool:
        """Cards are on their way."""
        return bool(self._ways)

    def begin(self, after: Callable[[], None] | None = None, take_back: Callable[[], None] | None = None) -> None:
        """The next edit is shown as motion; ``after`` is called at its end. ``take_back``: what ``cancel`` does."""
        self.finish()
        self.armed, self._after, self._take_back = True, after, take_back

    def glide(self, item: NodeItem, target: QPointF) -> bool:
        """Take the card there; False where nothing should move by itself."""
        if self.armed:
            self._ways.append((item, QPointF(item.pos()), target))
        return self.armed

    def start(self) -> None:
        """The edit is done: go."""
        self.armed = False
        if not self._ways:
            self._done()
        elif len(self._ways) > MOST:
            self._draw_curtain()
        elif tokens.motion():
            self._run.start()
        else:
            self._step(1.0)
            self._done()

    @contextmanager
    def during(self, old: DocState, new: DocState) -> Iterator[None]:
        """The scene follows an edit: what is on its way arrives first, and where many cards move (an undone layout,
        say) they do so behind a curtain."""
        if not self.armed:
            self.finish()
        many = not self.armed and moved_only(old, new) > MOST
        if many:
            self.begin()
        yield
        if many:
            self.start()

    def finish(self) -> None:
        """Everything at its place at once: another edit or a gesture begins."""
        if self._ways:
            self._run.stop()
            for _ in self._pieces or ():
                pass
            if self._pieces is None:
                self._step(1.0)
            self._done()

    def cancel(self) -> bool:
        """Escape: what is moving goes back to where it was, as if nothing had been done. False if nothing can."""
        take_back = self._take_back
        if not self._ways or take_back is None:
            return False
        self._run.stop()
        many = self._curtain is not None
        self._ways, self._after, self._take_back = [], None, None
        self._drop_curtain()
        self.armed = many  # many cards go back as they came, behind the curtain
        take_back()
        if many:
            self.start()
        return True

    # ------------------------------------------------------------------ many cards

    def _draw_curtain(self) -> None:
        canvas, scene = self.canvas, self.canvas.scene_
        owner = scene.sheet.card_of
        links = {(a, b) for e in scene.wires if (a := owner(e.source)) and (b := owner(e.target)) and a != b}
        self._curtain = Curtain(canvas, scene.cards, self._ways, tuple(links), scene.look)
        canvas.repaint_whole(True)
        self._pieces = scene.move_in_pieces({i.node_id: end for i, _, end in self._ways})
        if tokens.motion():
            self._run.start()
        else:
            self._curtain.show_share(1.0)
        self._next.start()

    def _piece(self) -> None:
        until = time.perf_counter() + PIECE_S
        for _ in self._pieces or ():
            if time.perf_counter() >= until:
                return
        self._pieces = None
        self._next.stop()
        self._arrived()

    def _drop_curtain(self) -> None:
        self._next.stop()
        self._pieces = None
        if self._curtain is not None:
            self._curtain.hide()
            self._curtain.deleteLater()
            self._curtain = None
            self.canvas.repaint_whole(False)
            self.canvas.viewport().update()

    # ------------------------------------------------------------------ steps and end

    def _step(self, share: object) -> None:
        t = float(share)  # type: ignore[arg-type]
        if self._curtain is not None:
            self._curtain.show_share(t)
            return
        places: Mapping[str, QPointF] = {
            i.node_id: end if t >= 1.0 else start + (end - start) * t for i, start, end in self._ways
        }
        self.canvas.scene_.move_cards(places)

    def _arrived(self) -> None:
        """The picture and the cards behind it: the later of both is the end."""
        if self._pieces is None and self._run.state() != QVariantAnimation.State.Running:
            self._done()

    def _done(self) -> None:
        self._ways = []
        self._drop_curtain()
        after, self._after, self._take_back = self._after, None, None
        if after is not None:
            after()
