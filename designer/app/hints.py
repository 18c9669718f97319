"""A first user's way through the Vanishing gradients sample, in three steps that check themselves off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from designer.app.file_flow import SAMPLES
from designer.app.notice import Notice
from designer.document import DocState
from designer.document.verbs.params import param_value
from designer.session.bridge import RunState
from engine.declare import Spec
from engine.graph import Graph
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.desk import Desk
    from designer.app.main_window import MainWindow

NAME = "vanishing_gradients"
KEY = "hint"
RUN, LOOK, CHANGE, DONE = range(4)


def hidden_layers(graph: Graph) -> list[str]:
    """Layers with an activation of their own that are not the last before an Output."""
    last = {e.source for e in graph.edges if graph.nodes[e.target].type == "output"}
    return [n.id for n in graph.nodes.values() if "activation" in _params(n.type) and n.id not in last]


def _params(type_name: str) -> dict[str, object]:
    from designer.document.ports import layer_class

    found = layer_class(type_name)
    return dict(found.params) if found is not None else {}


def uses(graph: Graph, activation: str) -> bool:
    """Whether every hidden layer has that activation."""
    layers = hidden_layers(graph)
    values = [param_value(graph.nodes[n], "activation") for n in layers]
    return bool(layers) and all(isinstance(v, Spec) and v.type == activation for v in values)


class Hints(QObject):
    """Shows the steps in the notice bar; dismissed once, never again until asked for."""

    finished = Signal()

    def __init__(self, window: MainWindow, desk: Desk) -> None:
        super().__init__(desk)
        self.window, self.desk, self.settings = window, desk, window.settings
        self.step = DONE
        document = desk.document
        document.opened.connect(self._opened)
        document.bridge.state_changed.connect(self._state)
        document.store.changed.connect(self._changed)
        window.notice.dismissed.connect(self._dismissed)

    def show_again(self) -> None:
        """Forgets that the hint was dismissed, and opens the sample that it belongs to."""
        self.settings.dismiss_hint(NAME, seen=False)
        known = self.window.desks.with_file(SAMPLES / f"{NAME}.json", sample=True)
        if known is not None:
            known.hints.begin()
        self.window.open_sample(NAME)

    def begin(self) -> None:
        """From the first step, if this is the sample that they belong to."""
        self._opened()

    def _opened(self) -> None:
        document = self.desk.document
        right = document.origin == (SAMPLES / f"{NAME}.json").resolve()
        self.step = RUN if right and not self.settings.hint_seen(NAME) else DONE
        self._show()

    def _state(self, state: RunState) -> None:
        if self.step == RUN and state.name == "running":
            self._go(LOOK)

    def _changed(self, old: DocState, new: DocState) -> None:
        if self.step in (LOOK, CHANGE) and old.graph is not new.graph and uses(new.graph, "relu"):
            self._go(DONE)
            self.settings.dismiss_hint(NAME)
            self.finished.emit()

    def _dismissed(self, key: str) -> None:
        if key == KEY and self.desk.shown:
            self.step = DONE
            self.settings.dismiss_hint(NAME)

    def _go(self, step: int) -> None:
        self.step = step
        self._show()

    def retranslate(self) -> None:
        """The step in the language in force."""
        if self.step != DONE:
            self._show()

    def _show(self) -> None:
        notice = self.desk.notices
        if self.step == DONE:
            notice.clear(KEY)
            return
        texts = {
            RUN: (
                tr("1 of 3 · Press Run. Six hidden sigmoid layers learn to tell the ring from the disc."),
                ((tr("Run"), self.window.toggle_run),),
            ),
            LOOK: (
                tr(
                    "2 of 3 · Look at “Gradient by layer”: the first layer gets a millionth of what the output gets, "
                    "and the loss stays at 0.50."
                ),
                ((tr("Next"), lambda: self._go(CHANGE)),),
            ),
            CHANGE: (
                tr("3 of 3 · Change all hidden activations to ReLU, then press Run again from the initial weights."),
                ((tr("Change them to ReLU"), lambda: self.window.set_hidden_activation("relu")),),
            ),
        }
        text, buttons = texts[self.step]
        notice.show_notice(Notice(KEY, text, "accent", buttons, weight=1))
