"""Running: buttons, what Run starts from, and what the window says when a run ends, diverges or fails."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox

from designer.app.fork_flow import ForkFlow
from designer.app.notice import Notice
from designer.app.run_endings import deeper_cause, diverged_buttons, finished_buttons
from designer.app.status_bar import state_words
from designer.document.verbs.adopt_data import adopt_data
from designer.document.verbs.setup import set_training
from designer.inspector.misfit import misfit
from designer.inspector.words import problem_text
from designer.session.bridge import RunState
from engine.training.events import Diverged, Failed, Finished
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.app.desk import Desk
    from designer.app.main_window import MainWindow
    from engine.training.evaluation import SplitResult

RUN = "run"
EDITED = "edited"
FIT = "fit"


class RunFlow(QObject):
    """Follows the bridge of one document, whether it is on show or not."""

    def __init__(self, window: MainWindow, desk: Desk) -> None:
        super().__init__(desk)
        self.window, self.desk, self.notices = window, desk, desk.notices
        self.document, self.bridge = desk.document, desk.document.bridge
        self._told: object = None
        #: what waits for the next session to stand
        self.once_prepared: Callable[[], object] | None = None
        self.bridge.state_changed.connect(self._state)
        self.bridge.stale_changed.connect(self._stale)
        self.bridge.fresh_weights.connect(self._fresh)
        self.bridge.framed.connect(lambda frame: self._tell_end())
        self.document.examinations.changed.connect(self._examined)
        self.document.loader.changed.connect(self._data)
        self.document.analyst.changed.connect(lambda _: self._check_fit())
        self.document.opened.connect(self._opened)
        self.fork = ForkFlow(self)

    # ------------------------------------------------------------------ commands

    def toggle(self) -> None:
        """Run, or pause what runs; says from which weights it starts."""
        self.notices.clear("fresh")
        starts = not self.bridge.state.busy and (self.bridge.session is None or self.bridge.stale)
        keeps = self.bridge.trained and self.document.store.state.training.start_from == "keep"
        self.bridge.toggle()
        if starts and self.bridge.state.busy:
            seed = self.document.store.state.training.seed
            if keeps:
                self.window.status.say(tr("Goes on with the trained weights that still fit"))
            else:
                self.window.status.say(tr("Starts from the initial weights (seed {seed})", seed=seed))

    def reset(self) -> None:
        """The same initial weights again."""
        self._clear()
        self.bridge.reset()
        seed = self.document.store.state.training.seed
        self.window.status.say(tr("Back to the initial weights (seed {seed})", seed=seed))

    def new_seed(self) -> None:
        """Another seed; the next run starts from other weights."""
        seed = self.document.store.state.training.seed + 1
        self.document.store.attempt(tr("New seed"), set_training, "seed", seed)
        self.window.status.say(tr("Seed {seed}: Run starts from other initial weights", seed=seed))

    # ------------------------------------------------------------------ what happens

    def _opened(self) -> None:
        self._clear()
        self.notices.clear("data")

    def _clear(self) -> None:
        for key in (RUN, EDITED, "fresh"):
            self.notices.clear(key)

    def _state(self, state: RunState) -> None:
        if self.desk.shown:
            self._show_state()
        if state.busy:
            self.notices.clear(RUN)
            self.notices.clear(EDITED)
        self._told = None
        self._tell_end()

    def show(self) -> None:
        """State and buttons of this document in the window."""
        self._show_state()
        self.window.relabel()

    def _show_state(self) -> None:
        window, state = self.window, self.bridge.state
        window.status.show_state(state)
        window.top_bar.show_running(state.busy)
        window.relabel_training()
        window.follow_width()

    def _tell_end(self) -> None:
        cause = self.bridge.state.cause
        if cause is None or cause is self._told:
            return
        self._told = cause
        if isinstance(cause, Diverged):
            self._diverged(cause)
        elif isinstance(cause, Failed):
            self._failed(cause)
        elif isinstance(cause, Finished):
            self._finished(cause)
        if not self.desk.shown:
            words = tr("“{name}”: {state}", name=self.document.name, state=state_words(self.bridge.state)[0])
            self.window.status.say(words)

    def _name(self, node: str) -> str:
        return self.bridge.frame.name(node)

    def _diverged(self, event: Diverged) -> None:
        found = deeper_cause(self.document.examinations.report)
        what = {"step": f"{event.step:,}", "tensor": event.tensor, "layer": self._name(event.node)}
        text = tr(
            "Diverged at step {step}: {tensor} at “{layer}” is not finite any more. The last good weights are kept."
        ).format(**what)
        if found is None:
            text += " " + tr("A lower learning rate usually helps.")
            buttons = diverged_buttons(self, event)
        else:
            text += " " + tr("Doctor: {finding}", finding=tr_declared(found.title)) + "."
            buttons = [(tr("Show what helps"), lambda: self.window.show_panel("doctor"))]
        if event.node in self.document.store.state.graph.nodes:
            buttons.append((tr("Show the layer"), lambda: self.desk.canvas.reveal(event.node)))
        self.notices.show_notice(Notice(RUN, text, "error", buttons, weight=2))

    def _examined(self) -> None:
        """The doctor looked at what has just diverged: its cause is told instead of a guess."""
        cause, told = self.bridge.state.cause, self.notices.named(RUN) is not None
        if isinstance(cause, Diverged) and told and deeper_cause(self.document.examinations.report) is not None:
            self._diverged(cause)

    def _failed(self, event: Failed) -> None:
        problems = " ".join(problem_text(p) for p in event.problems[:3])
        where = tr(" at “{layer}”", layer=self._name(event.node)) if event.node else ""
        text = tr("Training failed{where}: {why}", where=where, why=problems or event.message)
        buttons = [(tr("Details…"), lambda: self._details(event))]
        if event.node in self.document.store.state.graph.nodes:
            buttons.append((tr("Show the layer"), lambda: self.desk.canvas.reveal(event.node)))
        self.notices.show_notice(Notice(RUN, text, "error", buttons, weight=2))

    def _details(self, event: Failed) -> None:
        box = QMessageBox(QMessageBox.Icon.NoIcon, tr("What went wrong"), event.message, parent=self.window)
        box.setDetailedText(event.traceback)
        box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        copy = box.addButton(tr("Copy"), QMessageBox.ButtonRole.ActionRole)
        box.addButton(QMessageBox.StandardButton.Close)
        box.exec()
        if box.clickedButton() is copy:
            QGuiApplication.clipboard().setText(event.traceback)
        box.deleteLater()

    def _finished(self, event: Finished) -> None:
        words = {
            "epochs": tr("All epochs are through."),
            "target": tr("The target loss is reached."),
            "patience": tr("Stopped: the validation loss did not improve any more."),
            "hand": tr("Stopped by hand."),
        }.get(event.reason, "")
        if event.best_epoch > 0:
            words += " " + tr("The weights of epoch {epoch}, the best one, are back.", epoch=event.best_epoch)
        judged = self.bridge.frame.results.get("validation")
        if event.reason == "hand" and judged is not None:
            words += " " + self._result_words(tr("Validation: loss {loss}"), judged)
        words += self._test_words()
        self.notices.show_notice(Notice(RUN, words, "good", finished_buttons(self, event)))

    def _test_words(self) -> str:
        found = self.bridge.frame.results.get("test")
        return " " + self._result_words(tr("Test set: loss {loss}"), found) if found is not None else ""

    @staticmethod
    def _result_words(words: str, found: SplitResult) -> str:
        words = words.format(loss=f"{found.loss:.4g}")
        for name, label in (("accuracy", tr("accuracy")), ("mae", tr("mean absolute error")), ("r2", "R²")):
            value = found.metrics.get(name)
            if value is not None and math.isfinite(value):
                shown = f"{100 * value:.1f}\u00a0%" if name == "accuracy" else f"{value:.3g}"
                words += f", {label} {shown}"
        return words + "."

    def _stale(self, stale: bool) -> None:
        if not stale or not self.bridge.trained:
            self.notices.clear(EDITED)
            return
        options = (("initial", tr("the initial weights")), ("keep", tr("the trained weights")))
        chosen = self.document.store.state.training.start_from
        self.notices.show_notice(
            Notice(
                EDITED,
                tr("The network was edited since it was trained. Run starts from:"),
                "accent",
                ((tr("Run"), self.toggle),),
                (options, chosen, self._choose_start),
            )
        )

    def _choose_start(self, value: str) -> None:
        self.document.store.attempt(tr("Choose what Run starts from"), set_training, "start_from", value)

    def _fresh(self, fresh: tuple[tuple[str, str], ...]) -> None:
        once, self.once_prepared = self.once_prepared, None
        if once is not None:
            once()
        if fresh:
            layers = ", ".join(dict.fromkeys(self._name(node) for node, _ in fresh))
            text = tr("The trained weights were kept. New shapes start anew: {layers}.", layers=layers)
            self.notices.show_notice(Notice("fresh", text, "accent"))

    def _data(self) -> None:
        loader = self.document.loader
        if loader.problem:
            buttons = ((tr("Choose other data…"), lambda: self.window.show_setup("data")),)
            self.notices.show_notice(Notice("data", loader.problem, "error", buttons, weight=2))
        else:
            self.notices.clear("data")
        self._check_fit()

    def _check_fit(self) -> None:
        """Data that the drawn network cannot take: say so before Run does, and offer to change its ends."""
        dataset, state = self.document.loader.dataset, self.document.store.state
        reason = misfit(state, dataset) if dataset is not None and state.graph.nodes else ""
        if not reason:
            self.notices.clear(FIT)
            return
        text = tr("{reason} Run would refuse that.", reason=reason)
        self.notices.show_notice(
            Notice(FIT, text, "warning", ((tr("Fit the network to the data"), self._fit),), weight=3)
        )

    def _fit(self) -> None:
        from engine.data.guess import adapt

        dataset = self.document.loader.dataset
        if dataset is not None:
            text = tr("Fit the network to the data")
            self.document.store.attempt(text, adopt_data, self.document.store.state.data, adapt(dataset))

    def retranslate(self) -> None:
        """Sentences in the language in force."""
        self._told = None
        self._stale(self.bridge.stale)
        if self.notices.named(RUN) is not None:
            self._tell_end()
