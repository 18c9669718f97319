"""The tool bar: what runs the training, the settings that a person changes most, and the flow on the canvas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolBar, QToolButton, QVBoxLayout, QWidget

from designer.app.actions import Actions
from designer.document import DocState
from designer.document.verbs.params import param_value, set_param
from designer.document.verbs.setup import set_data_field, set_training
from designer.inspector.editors import value_text
from designer.inspector.paths import with_path
from designer.inspector.registries import options
from designer.inspector.settled import Settled
from designer.inspector.setup_params import DATA, TRAINING
from designer.session.store import Store
from engine.declare import Spec, Value
from engine.layers import LAYERS
from widgets import icons, tokens
from widgets.fields import Choice, NumberField, Segmented
from widgets.i18n import language_changed, tr, tr_declared

OWN_FILE = "\0file"
FLOWS = ("off", "act", "grad", "both")


def set_rate(state: DocState, rate: float) -> DocState:
    """The optimizer's learning rate."""
    return set_training(state, "optimizer", with_path(TRAINING["optimizer"], state.training.optimizer, ("rate",), rate))


def set_loss(state: DocState, loss: str) -> DocState:
    """The loss of every Output; one that has it already keeps its parameters."""
    for node in state.graph.nodes.values():
        if node.type == "output":
            chosen = param_value(node, "loss")
            if not isinstance(chosen, Spec) or chosen.type != loss:
                state = set_param(state, (node.id,), "loss", Spec(loss))
    return state


class Captioned(QWidget):
    """A small caption above a control."""

    def __init__(self, control: QWidget, width: int) -> None:
        super().__init__()
        self.caption = QLabel()
        self.caption.setProperty("role", "caption")
        self.control = control
        control.setFixedWidth(tokens.scaled(width))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_1, 0, tokens.SPACE_1, 0)
        column.setSpacing(1)
        column.addWidget(self.caption)
        column.addWidget(control)

    def show_caption(self, text: str, tip: str = "") -> None:
        """Caption and hover text."""
        self.caption.setText(text)
        self.caption.setToolTip(tip)
        self.control.setAccessibleName(text)


class TopBar(QToolBar):
    """``flow_changed(str)``: off, act, grad or both."""

    flow_changed = Signal(str)
    own_data_wanted = Signal()

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__()
        self.store = store
        self.setObjectName("top_bar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(QSize(tokens.ICON, tokens.ICON))
        self._buttons(actions)
        self.addSeparator()
        self._fields()
        language_changed.connect(self.retranslate)
        store.changed.connect(self._follow)
        self.retranslate()

    def _buttons(self, actions: Actions) -> None:
        self.run = QToolButton()
        self.run.setProperty("primary", True)
        for name in ("train.reset", "train.run", "train.stop", "train.step", "train.epoch"):
            button = self.run if name == "train.run" else QToolButton()
            button.setDefaultAction(actions[name])
            button.setIconSize(QSize(tokens.ICON, tokens.ICON))
            wide = name == "train.run"
            button.setFixedSize(tokens.scaled(44 if wide else 34), tokens.scaled(36 if wide else 34))
            self.addWidget(button)
        icons.bind_icon(actions["train.run"], "play", "on_accent")

    def show_store(self, store: Store) -> None:
        """Another document's settings."""
        self.store.changed.disconnect(self._follow)
        self.store = store
        store.changed.connect(self._follow)
        self.refresh()

    def show_running(self, running: bool) -> None:
        """Pause while it runs, else play."""
        icons.bind_icon(self.run.defaultAction(), "pause" if running else "play", "on_accent")

    def _fields(self) -> None:
        self.data = Choice()
        self.data.value_changed.connect(self._choose_data)
        self.loss = Choice()
        self.loss.value_changed.connect(lambda v: self.store.attempt(tr("Set the loss"), set_loss, str(v)))
        self.optimizer = Choice()  # another one starts with its own default rate: what suits SGD does not suit Adam
        self.optimizer.value_changed.connect(lambda v: self._set_training("optimizer", Spec(str(v))))
        self.rate = NumberField(0.01, low=0.0, low_open=True, logarithmic=True)
        self._told(self.rate, self._change_rate)
        self.batch = NumberField(32, low=1, integer=True)
        self._told(self.batch, lambda v: self._set_training("batch_size", v, self.batch))
        self.epochs = NumberField(20, low=1, integer=True)
        self._told(self.epochs, lambda v: self._set_training("epochs", v, self.epochs))
        self.flow = Segmented(self._flows(), "off")
        self.flow.value_changed.connect(lambda v: self.flow_changed.emit(str(v)))
        sizes = {"data": 140, "loss": 172, "optimizer": 96, "rate": 64, "batch": 54, "epochs": 58}
        self.captioned = {k: Captioned(getattr(self, k), w) for k, w in sizes.items()}
        for widget in self.captioned.values():
            self.addWidget(widget)
        self.addSeparator()
        self.captioned["flow"] = Captioned(self.flow, 10)
        self.addWidget(self.captioned["flow"])
        self.right = QWidget()
        line = QHBoxLayout(self.right)
        line.setContentsMargins(0, 0, tokens.SPACE_2, 0)
        line.addStretch(1)
        self.state_words = QLabel()
        self.state_words.setProperty("role", "secondary")
        line.addWidget(self.state_words)
        self.addWidget(self.right)

    @staticmethod
    def _told(field: NumberField, use: Callable[[Any], None]) -> None:
        Settled(field).told.connect(use)

    @staticmethod
    def _flows() -> list[tuple[str, str]]:
        return list(zip(FLOWS, (tr("off"), tr("activations"), tr("gradients"), tr("both"))))

    def retranslate(self) -> None:
        """Captions, options and sizes in the language in force."""
        captions = {
            "data": (tr("Data"), tr("What the network learns from")),
            "loss": (tr("Loss"), tr("What training makes small; set on every Output")),
            "optimizer": (tr("Optimizer"), tr("How a gradient becomes a step")),
            "rate": (tr("Rate"), tr("Learning rate; can be changed while training runs")),
            "batch": (tr("Batch"), tr("Samples per step")),
            "epochs": (tr("Epochs"), tr("Passes over the training data")),
            "flow": (tr("Flow on canvas"), tr("Magnitude of activations and gradients as ribbons on the wires")),
        }
        for name, (text, tip) in captions.items():
            self.captioned[name].show_caption(text, tip)
        self.flow.show_labels(self._flows())
        self.flow.setFixedWidth(self.flow.sizeHint().width())
        self.loss.show_options([(c.id, tr_declared(c.title)) for c in options("losses")])
        self.optimizer.show_options([(c.id, tr_declared(c.title)) for c in options("optimizers")])
        self.refresh()

    def refresh(self) -> None:
        """Shows what the document says."""
        state = self.store.state
        self._show_data(state)
        self.optimizer.show_value(state.training.optimizer.type)
        self.rate.show_value(self._rate())
        self.batch.show_value(state.training.batch_size)
        self.epochs.show_value(state.training.epochs)
        self.data.setToolTip(value_text(state.data.source, DATA["source"]))
        self._show_loss(state)

    def _show_data(self, state: DocState) -> None:
        source = state.data.source
        offers = [(c.id, tr_declared(c.title)) for c in options("sources") if getattr(c, "group", "") != "file"]
        if source.type not in dict(offers):
            path = source.params.get("path")
            offers.append((source.type, Path(str(path)).name if path else source.type))
        self.data.show_options([*offers, (OWN_FILE, tr("Own file…"))])
        self.data.show_value(source.type)

    def _show_loss(self, state: DocState) -> None:
        heads = [n for n in state.graph.nodes.values() if n.type == "output"]
        chosen = {v.type for n in heads if isinstance(v := param_value(n, "loss"), Spec)}
        self.loss.setEnabled(bool(heads))
        if len(chosen) == 1:
            self.loss.show_value(chosen.pop())
        elif chosen:
            self.loss.show_mixed()
        else:
            self.loss.show_value(str(getattr(LAYERS["output"].params["loss"].default, "type", "mse")))

    def _follow(self, old: DocState, new: DocState) -> None:
        if old.training is not new.training or old.data is not new.data or old.graph is not new.graph:
            self.refresh()

    def _rate(self) -> float | None:
        optimizer = self.store.state.training.optimizer
        found = next((c for c in options("optimizers") if c.id == optimizer.type), None)
        if found is None or "rate" not in found.params:
            return None
        value = optimizer.params.get("rate", found.params["rate"].default)
        return float(value) if isinstance(value, int | float) else None

    def _set_training(self, name: str, value: Value, gesture: object | None = None) -> None:
        text = tr("Set {name}", name=tr_declared(TRAINING[name].label))
        self.store.attempt(text, set_training, name, value, gesture=gesture)

    def _change_rate(self, rate: object) -> None:
        if isinstance(rate, int | float):
            self.store.attempt(tr("Set the learning rate"), set_rate, float(rate), gesture=self.rate)

    def _choose_data(self, source: object) -> None:
        if source == OWN_FILE:
            self.data.show_value(self.store.state.data.source.type)
            self.own_data_wanted.emit()
            return
        self.store.attempt(tr("Choose the data"), set_data_field, "source", Spec(str(source)))
