"""What the window asks of a training that is there: to judge a split, to show an earlier step, to go on from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.session.telling import BridgeSignals

if TYPE_CHECKING:
    from designer.session.fork import Fork
    from engine.training import Session


class Questions(BridgeSignals):
    """Base of Bridge: without a session there is no answer."""

    session: Session | None
    fork: Fork

    def evaluate(self, split: str) -> None:
        """Looks at a split with the weights of this moment; the answer comes in a frame. An empty one has none."""
        if self.session is not None and self.holds(split):
            self.session.evaluate(split)  # type: ignore[arg-type]

    def holds(self, split: str) -> bool:
        """Whether there are samples in a split of the data that are trained on."""
        dataset = self.session.dataset if self.session is not None else None
        return dataset is not None and len(dataset.split(split)) > 0  # type: ignore[arg-type]

    def visit(self, step: int) -> None:
        """Shows how things stood after ``step`` steps; what runs is paused."""
        visited = self.fork if self.fork.on else self.session
        if visited is not None:
            visited.visit(step)

    def go_on_from(self, step: int) -> None:
        """A new run that starts where this one was after ``step`` steps, with the same batches to come."""
        self.fork.go_on(step)

    @property
    def trained(self) -> bool:
        """Whether weights would be lost by starting anew."""
        return self.session is not None and self.session.status.step > 0
