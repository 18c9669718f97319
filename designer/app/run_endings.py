"""What can be done after a run has ended: go on for more epochs, start again, go back to where it still went well."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from designer.app.top_bar import set_rate
from designer.document.verbs.setup import set_training
from designer.session.staleness import base_rate, extended
from engine.probes.evidence import Card
from engine.training.events import Diverged, Finished
from engine.training.examination import Report
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.run_flow import RunFlow
    from designer.session.bridge import Bridge

Buttons = list[tuple[str, Callable[[], object]]]


def starts_again(bridge: Bridge) -> bool:
    """Whether Run would begin anew, from the initial weights, a run that has ended."""
    session = bridge.session
    if session is None or bridge.stale or bridge.state.name not in ("finished", "diverged"):
        return False
    return not extended(session, bridge.store.state.training)


def finished_buttons(flow: RunFlow, event: Finished) -> Buttons:
    """More of the same where the epochs were through; a run that stopped by itself would only stop again."""
    found: Buttons = []
    if event.reason == "epochs":
        more = flow.document.store.state.training.epochs
        words = tr("Go on for {count} more epochs") if more > 1 else tr("Go on for 1 more epoch")
        found.append((words.format(count=more), lambda: go_on(flow, more)))
    elif event.reason == "hand":
        found.append((tr("Go on"), lambda: go_on_as_if(flow)))
    found.append((tr("Start again"), flow.toggle))
    found.append((tr("Look at the answers"), lambda: flow.window.show_panel("answers")))
    return found


def go_on(flow: RunFlow, more: int) -> None:
    """As many more epochs, from the weights as they are."""
    session = flow.bridge.session
    if session is not None:
        text = tr("Set {name}", name=tr("epochs"))
        flow.document.store.attempt(text, set_training, "epochs", session.status.epoch + more)
        flow.bridge.run()


def go_on_as_if(flow: RunFlow) -> None:
    """From the last step, as if nobody had stopped it."""
    session = flow.bridge.session
    if session is not None:
        session.go_on()
        session.run()


def diverged_buttons(flow: RunFlow, event: Diverged) -> Buttons:
    """A lower rate, from the start or from the step at which the loss was lowest."""
    found: Buttons = [(tr("Start again with a tenth of the rate"), lambda: lower_rate(flow))]
    best = best_step(flow.bridge, event)
    if best > 0:
        words = tr("Go on from step {step} with a tenth of the rate", step=f"{best:,}")
        found.append((words, lambda: back_with_lower_rate(flow, best)))
    return found


def deeper_cause(report: Report | None) -> Card | None:
    """The finding that explains a divergence better than the rate does: where it says so, a lower one only hides it."""
    causes = ("exploding_gradient", "not_standardised", "saturation")
    return next((c for c in report.cards if c.rule in causes), None) if report is not None else None


def best_step(bridge: Bridge, event: Diverged) -> int:
    """How many steps had been done when the loss was lowest; 0 where it only grew."""
    columns = bridge.frame.columns
    if columns is None or not columns.count:
        return 0
    losses = np.where(np.isfinite(columns.loss[: columns.count]), columns.loss[: columns.count], np.inf)
    # The loss of a step is that of the weights before it.
    found = int(np.argmin(losses))
    return found if np.isfinite(losses[found]) and found < event.step else 0


def lowered(flow: RunFlow) -> float | None:
    """A tenth of the learning rate."""
    rate = base_rate(flow.document.store.state.training)
    return float(f"{rate / 10:.3g}") if rate else None


def lower_rate(flow: RunFlow) -> None:
    """A tenth of the rate, and back to the initial weights."""
    rate = lowered(flow)
    if rate:
        flow.document.store.attempt(tr("Set the learning rate"), set_rate, rate)
        flow.reset()


def back_with_lower_rate(flow: RunFlow, step: int) -> None:
    """The stored moment brings its own rate along: the lower one is set once it stands."""
    rate = lowered(flow)
    if rate:
        flow.once_prepared = lambda: flow.document.store.attempt(tr("Set the learning rate"), set_rate, rate)
        flow.bridge.go_on_from(step)
