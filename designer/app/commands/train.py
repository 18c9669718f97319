"""Train: run, pause, step, epoch, stop, reset, seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from designer.app.run_endings import starts_again
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def train_commands(window: MainWindow) -> Iterator[Command]:
    """The Train menu and the buttons of the tool bar."""
    bridge, document = window.document.bridge, window.document

    def runnable() -> bool:
        return bool(document.store.state.graph.nodes) and not document.analyst.analysis.errors

    def can_run() -> bool:
        return bridge.state.busy or runnable()

    def still() -> bool:
        return not bridge.state.busy and runnable()

    def started() -> bool:
        return bridge.session is not None

    def stoppable() -> bool:
        paused = bridge.state.name == "paused" and bridge.trained and not bridge.stale
        return bridge.state.busy or (paused and not bridge.fork.on)

    def why_not() -> str:
        errors = document.analyst.analysis.errors
        if errors:
            return tr("{count} problems keep the network from running", count=len(errors))
        return "" if document.store.state.graph.nodes else tr("There is nothing to train yet")

    again = starts_again(bridge)
    title = tr("&Pause") if bridge.state.busy else tr("&Run again from the start") if again else tr("&Run")
    tip = tr("Run again from the initial weights: the last run has ended") if again else ""
    yield Command("train.run", title, window.toggle_run, "train", ("Ctrl+Return", "Ctrl+Enter"), "play", can_run,
                  tip=why_not() or tip)  # fmt: skip
    yield Command("train.step", tr("Single &step"), bridge.step, "train", ("Ctrl+Shift+Return",), "step", still)
    yield Command("train.epoch", tr("Single &epoch"), bridge.epoch, "train", ("Ctrl+Alt+Return",), "epoch", still)
    yield Command("train.stop", tr("S&top"), bridge.stop, "train", ("Shift+F5",), "stop", stoppable,
                  tip=tr("Both sides rest") if bridge.fork.on else
                  tr("End the run here: best weights back, then the test set, as at its last epoch"))  # fmt: skip
    yield Command(
        "train.fork", tr("&Fork…"), lambda: window.runs.fork.begin(), "train", ("Ctrl+Shift+B",), "git-fork",
        lambda: runnable() and bridge.fork.stage == "off",
        tip=tr("One change, and both trainings in lockstep from here"),
    )  # fmt: skip
    yield Command(
        "train.reset", tr("&Reset to the initial weights"), window.reset_training, "train", ("Ctrl+Shift+R",), "reset",
        started, section=1, tip=tr("Reset to the same initial weights"),
    )  # fmt: skip
    yield Command("train.seed", tr("&New seed"), window.new_seed, "train", (), "new-seed", section=1,
                  tip=tr("Other initial weights and another order of the samples"))  # fmt: skip
    yield Command("train.setup", tr("Training set-&up…"), lambda: window.show_setup("training"), "train", (),
                  "sliders-horizontal", section=2)  # fmt: skip
    yield Command("train.data", tr("&Data…"), lambda: window.show_setup("data"), "train", (), "database", section=2)
    yield Command(
        "train.evaluate", tr("E&valuate on validation data"), lambda: bridge.evaluate("validation"), "train", (),
        "target", lambda: bridge.holds("validation"), section=3,
    )  # fmt: skip
