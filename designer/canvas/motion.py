"""Motion for what a person causes: 150 ms ease-out from where things were; none when motion is reduced."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QVariantAnimation

from designer.canvas.node_item import NodeItem
from widgets import tokens


class Motion(QObject):
    """Glides cards to their new places. ``begin()`` before the edit, then the scene hands over what moved."""

    def __init__(self, parent: QObject, move: Callable[[Mapping[str, QPointF]], None]) -> None:
        super().__init__(parent)
        self._move = move
        self.armed = False
        self._ways: list[tuple[NodeItem, QPointF, QPointF]] = []
        self._run = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=tokens.MOTION_MS)
        self._run.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._run.valueChanged.connect(self._step)
        self._run.finished.connect(self._done)
        self._after: Callable[[], None] | None = None
        self._take_back: Callable[[], None] | None = None
        self._most = 0

    def begin(self, after: Callable[[], None] | None = None, take_back: Callable[[], None] | None = None,
              most: int = 1_000_000) -> None:  # fmt: skip
        """The next edit is shown as motion; ``after`` is called at its end. ``take_back``: what ``cancel`` does.

        With more than ``most`` cards on their way they jump.
        """
        self.finish()
        self._most = most
        self.armed, self._after, self._take_back = True, after, take_back

    def glide(self, item: NodeItem, target: QPointF) -> bool:
        """Take the card there; False where nothing should move by itself."""
        if not self.armed or not tokens.motion():
            return False
        self._ways.append((item, QPointF(item.pos()), target))
        return True

    def start(self) -> None:
        """The edit is done: go."""
        self.armed = False
        if len(self._ways) > self._most:
            self._step(1.0)
            self._ways = []
        if self._ways:
            self._run.start()
        else:
            self._done()

    def finish(self) -> None:
        """Everything at its place at once: another edit or a gesture begins."""
        if self._ways:
            self._run.stop()
            self._step(1.0)
            self._done()

    def cancel(self) -> bool:
        """Escape: what is moving goes back to where it was, as if nothing had been done. False if nothing can."""
        take_back = self._take_back
        if not self._ways or take_back is None:
            return False
        self._run.stop()
        self._ways, self._after, self._take_back = [], None, None
        take_back()
        return True

    def _step(self, share: object) -> None:
        t = float(share)  # type: ignore[arg-type]
        self._move({i.node_id: end if t >= 1.0 else start + (end - start) * t for i, start, end in self._ways})

    def _done(self) -> None:
        self._ways = []
        after, self._after, self._take_back = self._after, None, None
        if after is not None:
            after()
