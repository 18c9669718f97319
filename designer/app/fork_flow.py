"""What the window says of a fork: that a change is awaited, what it kept, and which side goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from designer.app.notice import Notice
from designer.document.settings_diff import differences
from designer.panels.setting_words import difference_words
from engine.training.adoption import Adopted
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.run_flow import RunFlow

FORK = "fork"
#: changes and layers that a sentence names before it counts the rest
NAMED = 3


class ForkFlow(QObject):
    """Follows the fork of one document's bridge."""

    def __init__(self, flow: RunFlow) -> None:
        super().__init__(flow)
        self.flow, self.document = flow, flow.document
        self.bridge, self.fork = flow.bridge, flow.bridge.fork
        self.fork.changed.connect(self.show)
        self.fork.adopted.connect(lambda _: self.show())
        self.bridge.data_changed.connect(self._data_changed)
        self.document.weights_kept.connect(self._weights_kept)

    def begin(self, step: int | None = None) -> None:
        """Fork here, or at a step of the time slider."""
        status = self.bridge.frame.status
        if step is None and not self.flow.desk.window.status.time.place_now.at_end:
            step = self.flow.desk.window.status.time.place_now.step
        through = self.bridge.state.name in ("finished", "diverged")
        if through and status is not None and (step is None or step >= status.step):
            self.bridge.message.emit(
                tr("This run is through: choose an earlier step with the time slider, or ask for more epochs first")
            )
            return
        self.fork.choose(step)

    def show(self) -> None:
        """The notice of the stage."""
        notices, fork = self.flow.notices, self.fork
        origin = fork.origin
        if fork.stage == "off" or origin is None:
            notices.clear(FORK)
            return
        if fork.stage == "chosen":
            text = tr(
                "Fork at step {step}: change one thing (an activation, a rate, a layer ...), then press Run. Both go "
                "on from here on the same batches.",
                step=f"{origin.step:,}",
            )
            buttons: Sequence[tuple[str, Callable[[], object]]] = (
                (tr("Run"), self.flow.toggle),
                (tr("Cancel"), fork.cancel),
            )
            notices.show_notice(Notice(FORK, text, "accent", buttons, weight=4))
            return
        sides = (("A", tr("A, as it was")), ("B", tr("B, changed")))
        notices.show_notice(
            Notice(
                FORK, self.words(), "accent",
                ((tr("Keep B"), lambda: self.keep("B")), (tr("Keep A"), lambda: self.keep("A")),
                 (tr("Keep both"), lambda: self.keep(""))),
                (sides, fork.side, lambda side: fork.show(side)), weight=2,
            )
        )  # fmt: skip

    def words(self) -> str:
        """From where, what is different, and what of the weights was kept."""
        fork = self.fork
        assert fork.origin is not None
        a, b = fork.sessions
        found = differences([a.project, b.project])
        changes = [f"{name} {' → '.join(values)}" for name, values in map(difference_words, found)]
        told = _listed(changes) if changes else tr("no difference yet")
        text = tr("Fork at step {step}: {changes}.", step=f"{fork.origin.step:,}", changes=told)
        return text + (self._kept(fork.told) if fork.told is not None else "")

    def _kept(self, told: Adopted) -> str:
        name = self.bridge.frame.name

        def layers(keys: tuple[tuple[str, str], ...]) -> str:
            return _listed(list(dict.fromkeys(name(node) for node, _ in keys)))

        words = ""
        if told.fresh:
            words += " " + tr("Weights that fit by name and shape are kept; anew: {layers}.", layers=layers(told.fresh))
        gone = tuple(k for k in told.dropped if k not in told.fresh)
        if gone:
            words += " " + tr("Without a place in B: {layers}.", layers=layers(gone))
        if told.settled:
            words += " " + tr(
                "An initializer says nothing to trained weights ({layers}): fork at step 0 to compare initializers.",
                layers=layers(told.settled),
            )
        if not told.optimizer_kept:
            words += " " + tr("The new optimizer starts without momentum.")
        if not told.same_batches:
            words += " " + tr("The batches differ: batch size, seed or data were changed.")
        return words

    def keep(self, side: str) -> None:
        """One side goes on and the other's run is forgotten (undo brings it back), or both stay in the table."""
        if not self.fork.on:
            return
        book = self.document.runs
        book.rest()
        numbers = {letter: book.number_of(s) for letter, s in zip("AB", self.fork.sessions, strict=True)}
        gone = numbers["A" if side == "B" else "B"] if side else None
        self.fork.keep("A" if side == "A" else "B")
        if gone is not None and gone != numbers.get(side) and not book.known_before(gone):
            book.remove((gone,))

    def _data_changed(self) -> None:
        text = tr(
            "The data are not those that this training was trained on: the files were changed since. It goes on with "
            "the new ones; losses before and after cannot be compared."
        )
        self.flow.notices.show_notice(Notice("data_changed", text, "warning", weight=3))


    def _weights_kept(self, count: int, dropped: tuple[str, ...]) -> None:
        if not dropped:
            text = tr("Saved with all trained weights; the network was edited since, so Run starts anew from them.")
        else:
            layers = _listed([self.bridge.frame.name(n) for n in dropped])
            text = tr(
                "Saved with the {count} trained weights that fit the edited network. Left out, since their place or "
                "shape is gone: {layers}. Undo the edit and save again to keep them.",
                count=count, layers=layers,
            )  # fmt: skip
        self.flow.notices.show_notice(Notice("weights_kept", text, "warning" if dropped else "accent", weight=1))


def _listed(names: list[str]) -> str:
    rest = len(names) - NAMED
    shown = ", ".join(names[:NAMED])
    return shown if rest <= 0 else tr("{names} and {count} more", names=shown, count=rest)
