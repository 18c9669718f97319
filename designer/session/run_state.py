"""Where a run stands, in the words of buttons and badges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.training.events import Diverged, Failed, Finished, StateChanged

if TYPE_CHECKING:
    from engine.training import Session

RunName = Literal["idle", "preparing", "paused", "running", "finished", "diverged", "failed"]
Follow = Literal["wait", "run", "step", "epoch"]


@dataclass(frozen=True)
class RunState:
    """Where the run stands, for buttons and words. ``cause``: the event that tells more (Diverged, Failed, ...)."""

    name: RunName = "idle"
    cause: object = None

    @property
    def busy(self) -> bool:
        """Whether something is under way that Pause would end."""
        return self.name in ("preparing", "running")


def state_after(event: object, shown: RunState) -> RunState | None:
    """The state that an event tells of; None where it tells none, or less than what is shown."""
    if isinstance(event, StateChanged):
        told = shown.name == event.state and shown.cause is not None
        return None if event.state == "closed" or told else RunState(event.state)
    if isinstance(event, Diverged | Failed | Finished):
        names: dict[type, RunName] = {Diverged: "diverged", Failed: "failed", Finished: "finished"}
        return RunState(names[type(event)], event)
    return None


def send(session: Session, follow: Follow) -> None:
    """The command that a button stands for."""
    if follow != "wait":
        {"run": session.run, "step": session.step, "epoch": session.epoch}[follow]()
