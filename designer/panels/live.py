"""What all live panels share: fed only while somebody can see them, texts that follow the language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from designer.document.runs import RunRecord
from designer.session.frame import Frame
from designer.session.overlay import Overlays
from widgets.fields import Choice
from widgets.i18n import language_changed
from widgets.panel import PlotPanel


class LivePanel(QWidget):
    """``plot`` is the widget with the title row. Subclasses draw in ``show_frame(new, old)``."""

    wants: frozenset[Any] = frozenset()

    def __init__(self, plot: PlotPanel) -> None:
        super().__init__()
        self.plot = plot
        self.seen = Frame()
        self.in_front = True
        #: the other side of a fork, and runs of the table, drawn beside what trains
        self.overlays = Overlays()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(plot)
        language_changed.connect(self.retranslate)

    def watching(self) -> bool:
        """Whether it can be seen; ``in_front`` is kept by the dock, which knows of tabs."""
        return self.in_front and self.isVisible() and not self.window().isMinimized()

    def take(self, frame: Frame) -> None:
        """One frame."""
        before, self.seen = self.seen, frame
        self.show_frame(frame, before)

    def show_frame(self, new: Frame, old: Frame) -> None:
        """Draws what differs."""

    def show_runs(self, runs: Sequence[RunRecord]) -> None:
        """Runs of the table to be drawn over this one from now on."""
        self.overlays.runs = tuple(runs)
        self.show_again()

    def show_again(self) -> None:
        """Draws the last frame anew, after a choice in the panel."""
        self.show_frame(self.seen, Frame(run=-1))

    def retranslate(self) -> None:
        """Title and help in the language in force."""
        title, text = self.words()
        self.plot.show_title(title)
        self.plot.show_help(text)

    def words(self) -> tuple[str, str]:
        """Title, and two sentences: what is shown, what is normal."""
        return "", ""


class OneLayerPanel(LivePanel):
    """A live panel of one layer: ``layer``, a drop-down, chooses it, and the canvas' selection does too.

    ``layer_clicked(node_id)``: one was chosen here, and is to be selected everywhere.
    """

    layer_clicked = Signal(str)

    def __init__(self, plot: PlotPanel) -> None:
        super().__init__(plot)
        self.layer = Choice()
        self._selected: tuple[str, ...] = ()
        self.layer.value_changed.connect(lambda chosen: self.layer_clicked.emit(str(chosen)))
        self.add_choice(self.layer, 0)

    def add_choice(self, choice: Choice, place: int) -> None:
        """A drop-down in the title row; what is chosen is drawn at once."""
        choice.setMaximumWidth(120)
        choice.value_changed.connect(lambda _: self.show_again())
        self.plot.tools.insertWidget(place, choice)

    def retranslate(self) -> None:
        super().retranslate()
        self.show_again()

    def show_selected(self, nodes: Sequence[str]) -> None:
        """The layer that is selected on the canvas, if it has weights."""
        self._selected = tuple(nodes)
        ids, _ = layer_names(self.seen)
        wanted = next((n for n in reversed(list(nodes)) if n in ids), None)
        if wanted is not None and wanted != self.layer.value():
            self.layer.show_value(wanted)
            self.show_again()

    def show_layers(self, new: Frame, old: Frame) -> None:
        """The layers to choose from, where they or their names are others than before."""
        if new.plan is old.plan and new.names is old.names:
            return
        ids, names = layer_names(new)
        first = self.layer.value() is None
        self.layer.show_options(list(zip(ids, names)))
        if first and ids:
            # Made after the selection, perhaps: what is chosen elsewhere is chosen here.
            self.layer.show_value(next((n for n in reversed(self._selected) if n in ids), ids[0]))


def layer_names(frame: Frame) -> tuple[list[str], list[str]]:
    """Ids and names of the layers with a kernel, sources first."""
    ids = list(frame.plan.layer_order) if frame.plan is not None else []
    return ids, [frame.name(n) for n in ids]
