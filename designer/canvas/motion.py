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

    def begin(self, after: Callable[[], None] | None = None) -> None:
        """The next edit is shown as motion; ``after`` is called at its end."""
        self.finish()
        self.armed, self._after = True, after

    def glide(self, item: NodeItem, target: QPointF) -> bool:
        """Take the card there; False where nothing should move by itself."""
        if not self.armed or not tokens.motion():
            return False
        self._ways.append((item, QPointF(item.pos()), target))
        return True

    def start(self) -> None:
        """The edit is done: go."""
        self.armed = False
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

    def _step(self, share: object) -> None:
        t = float(share)  # type: ignore[arg-type]
        self._move({i.node_id: end if t >= 1.0 else start + (end - start) * t for i, start, end in self._ways})

    def _done(self) -> None:
        self._ways = []
        after, self._after = self._after, None
        if after is not None:
            after()
