"""Whether a running training still is that of the drawn network, and what can be changed without starting anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.declare import Spec
from engine.graph import Graph, Project, TrainingSetup
from engine.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from engine.training import Session

LIVE = ("epochs", "target_loss", "patience", "min_change", "restore_best", "start_from")
"""Fields of the set-up that a training takes over while it runs; so does the learning rate."""


def same_network(a: Graph, b: Graph) -> bool:
    """Equal but for names, which train nothing."""
    if a is b:
        return True
    if a.edges != b.edges or list(a.nodes) != list(b.nodes):
        return False
    return all(a.nodes[k] is b.nodes[k] or replace(a.nodes[k], name=b.nodes[k].name) == b.nodes[k] for k in a.nodes)


def without_live(setup: TrainingSetup) -> TrainingSetup:
    """The set-up with everything neutral that can change while training runs."""
    rest = {k: v for k, v in setup.optimizer.params.items() if k != "rate"}
    neutral = TrainingSetup()
    values = {name: getattr(neutral, name) for name in LIVE}
    return replace(setup, optimizer=Spec(setup.optimizer.type, rest), **values)


def base_rate(setup: TrainingSetup) -> float:
    """The learning rate that a set-up asks for, before any schedule."""
    return OPTIMIZERS.make(setup.optimizer).rate


def stale(trained: Project, now: Project) -> bool:
    """True if going on would not train what is drawn and chosen now."""
    if trained.data != now.data or not same_network(trained.graph, now.graph):
        return True
    return without_live(trained.training) != without_live(now.training)


def take_over(session: Session, now: TrainingSetup) -> None:
    """What can change while training runs: the learning rate, epochs and stop rules."""
    before = session.project.training
    if base_rate(before) != base_rate(now):
        session.set_rate(base_rate(now))
    if before.epochs != now.epochs:
        session.set_epochs(now.epochs)
    values = {name: getattr(now, name) for name in LIVE if name != "epochs"}
    if any(getattr(before, k) != v for k, v in values.items()):
        session.ask(lambda t: setattr(t, "setup", replace(t.setup, **values)))
    session.project = replace(session.project, training=now)


def shared_edit(old: TrainingSetup, new: TrainingSetup, other: TrainingSetup) -> tuple[TrainingSetup, bool]:
    """(``other`` with what the edit from ``old`` to ``new`` changed, whether the edit was of a setting that ``other``
    had otherwise and keeps). Only of what a training takes over while it goes."""
    edited = {k: getattr(new, k) for k in LIVE if getattr(new, k) != getattr(old, k)}
    alike = {k: v for k, v in edited.items() if getattr(other, k) == getattr(old, k)}
    found, own = replace(other, **alike), len(alike) < len(edited)
    if base_rate(old) != base_rate(new):
        if base_rate(other) == base_rate(old):
            params = {**other.optimizer.params, "rate": base_rate(new)}
            found = replace(found, optimizer=Spec(other.optimizer.type, params))
        else:
            own = True
    return found, own


def extended(session: Session, now: TrainingSetup) -> bool:
    """A run whose epochs were through goes on when more are asked for; one that stopped early starts again."""
    status = session.status
    return status.state == "finished" and status.stopped in ("", "epochs") and now.epochs > status.epoch
