"""F16 on the canvas: below each card, how well a linear read-out of it alone answers, and its effective rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from designer.canvas.heat import Heat
from engine.training.measuring import Measured, Readouts
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.desk import Desk


class AnswerMarks(QObject):
    """On or off for one document. While on, the read-outs are measured once per epoch, as the Measurements panel says.

    Off again, the schedule is as it was before.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.desk, self.measurements = desk, desk.measurements
        self.on, self._scheduled = False, False
        self.measurements.changed.connect(lambda kind: self.show() if kind == "readout" and self.on else None)

    def switch(self) -> None:
        """The other state."""
        self.on = not self.on
        entry = self.measurements.entry("readout")
        if self.on and not entry.every:
            self._scheduled = True
            self.measurements.schedule("readout", 1, "epochs")
        elif not self.on and self._scheduled:
            self._scheduled = False
            self.measurements.schedule("readout", 0, entry.unit)
        if self.on and entry.latest is None:
            self.measurements.ask("readout")
        self.show()

    def leave(self) -> None:
        """Something else is to be shown at the cards."""
        if self.on:
            self.switch()

    def show(self) -> None:
        """The latest result, or that it is being made, or why there is none."""
        canvas, entry = self.desk.canvas, self.measurements.entry("readout")
        if not self.on:
            canvas.insight.show_figures(None)
            return
        if entry.latest is not None:
            canvas.insight.show_figures(marks_of(entry.latest, canvas.groups.shown()))
            return
        canvas.insight.show_figures(Heat({}, {}, below=True))
        waits = tr("Reading out every layer...")
        self.desk.window.status.say(entry.problem or waits)


def marks_of(made: Measured, groups: dict[str, tuple[str, ...]]) -> Heat:
    """A bar for each card: the score, 0 to 1, of the last layer inside for a group's."""
    found: Readouts = made.result
    level, text, tip = {}, {}, {}
    for r in found.layers:
        level[r.node] = min(max(r.score, 0.0), 1.0)
        score = f"{r.score:.0%}" if found.classes else f"R² {r.score:.2f}"
        text[r.node] = tr("{score}  rank {rank}", score=score, rank=f"{r.rank:.1f}")
        tip[r.node] = tr(
            "a linear read-out of this layer alone answers {score} of {judged} held-out samples (step {step}; the best "
            "constant answer: {guess}); effective rank of its outputs {rank} of {size}",
            score=score, judged=found.judged, step=f"{made.step:,}", rank=f"{r.rank:.1f}", size=r.size,
            guess=f"{found.guess:.0%}" if found.classes else "R² 0",
        )  # fmt: skip
    for card, members in groups.items():
        inside = [r.node for r in found.layers if r.node in members]
        if inside:
            level[card], text[card] = level[inside[-1]], text[inside[-1]]
    return Heat(level, text, tip, below=True)
