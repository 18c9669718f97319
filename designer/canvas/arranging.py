"""Auto layout: which cards, in which direction, what stays under the eye; off the GUI thread where it takes long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.canvas.layout import column_gap, row_width
from designer.document import DocState, verbs
from designer.document.layout import Direction
from designer.document.sheet import folded, on_sheet
from designer.document.turn import turned_sizes
from designer.session.background import Background
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: more cards than this are laid out in a thread (200 take about 20 ms)
_AT_ONCE = 120


class Arranging:
    """The layouts of one canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.store = canvas, canvas.store
        self._job = Background(canvas)
        self._job.done.connect(self._arrived)
        self._job.failed.connect(lambda error: self.store.refused.emit(error))
        self._asked: tuple[DocState, str | None, bool] | None = None

    @property
    def busy(self) -> bool:
        """A layout is being computed."""
        return self._job.busy

    def lay_out(self, direction: Direction | None = None) -> None:
        """The selected cards if there are several, else all; another direction turns the whole drawing.

        The card under the mouse, else the current one, stays where it is on the screen; without one all is framed.
        """
        canvas, whole, within = self.canvas, self.store.state, self.store.within
        self.cancel()
        state, chosen = folded(whole, within), canvas.groups.cards()
        turns = direction is not None and direction != state.layout.direction
        ids = chosen if len(chosen) > 1 and not turns else None
        keep = self._kept(ids)
        sizes, gap = canvas.scene_.sizes(roomy=True), column_gap(canvas.scene_)
        view = (canvas.viewport().width(), canvas.viewport().height())
        if (direction or state.layout.direction) == "down":
            gap, width = 56, row_width(state, ids, turned_sizes(sizes), 56, view[1], view[0])
        else:
            width = row_width(state, ids, sizes, gap, *view)
        request = (ids, sizes, keep, width, gap, direction)
        self._asked = (whole, keep, ids is None)
        if len(ids or state.graph.nodes) <= _AT_ONCE:
            self._apply(on_sheet, within, verbs.lay_out, *request)
            return
        count = len(ids or state.graph.nodes)
        canvas.message.emit(tr("Laying out {count} layers; Escape cancels", count=f"{count:,}"))
        self._job.start(lambda: on_sheet(whole, within, verbs.lay_out, *request))

    def _kept(self, ids: tuple[str, ...] | None) -> str | None:
        canvas = self.canvas
        under = canvas.scene_.card_at(canvas.cursor_scene) if canvas.cursor_scene is not None else None
        for card in (under, canvas.groups.current_card()):
            if card in canvas.scene_.cards and (ids is None or card in ids):
                return card
        return None

    def _arrived(self, after: DocState) -> None:
        """From the thread: of use only for the drawing that it was computed for."""
        if self._asked is not None and self._asked[0] is self.store.state:
            self._apply(lambda state: after)
        else:
            self.canvas.message.emit(tr("The drawing has changed meanwhile; lay it out again"))

    def _apply(self, verb: object, *args: object) -> None:
        canvas, (_, keep, whole) = self.canvas, self._asked or (None, None, False)
        self._asked = None
        frame = (lambda: canvas.frame(canvas.everything())) if whole and keep is None else None
        canvas.motion.begin(frame, self.store.take_back)
        self.store.attempt(tr("Lay out"), verb, *args)  # type: ignore[arg-type]
        canvas.motion.start()

    def cancel(self) -> bool:
        """Escape: no layout, everything where it was. False if none is on its way."""
        if self._job.busy:
            self._job.cancel()
            self._asked = None
            self.canvas.message.emit(tr("Nothing was moved"))
            return True
        return self.canvas.motion.cancel()
