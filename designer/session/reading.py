"""What a session has published since the last frame."""

from __future__ import annotations

from typing import Any

from designer.session.frame import Frame
from designer.session.history import SnapshotHistory, merged
from engine.training import Session
from engine.training.events import EpochEnded, Evaluated


def news(session: Session, frame: Frame, history: SnapshotHistory) -> dict[str, Any]:
    """The fields of a frame that are other than in ``frame``; a snapshot is taken from the mailbox, once."""
    found: dict[str, Any] = {}
    for name, value in (("status", session.status), ("columns", session.columns), ("epochs", session.epochs)):
        if value is not getattr(frame, name):
            found[name] = value
    if session.dataset is not None and session.dataset is not frame.dataset:
        found["dataset"] = session.dataset
    snapshot = session.mailbox.take()
    if snapshot is not None:
        history.add(snapshot)
        found["snapshot"], found["earlier"] = snapshot, merged(history.kept, session.moments)
    return found


def told(event: object, session: Session, frame: Frame) -> dict[str, Any]:
    """The fields of a frame that an event changes."""
    if isinstance(event, Evaluated):
        return {"results": {**frame.results, event.result.split: event.result}}
    return {"epochs": session.epochs} if isinstance(event, EpochEnded) else {}
