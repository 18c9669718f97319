"""What every view of a measurement is: a plot, words, what can be chosen, and a sentence on what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.training.measuring import Kind, Measured
from widgets.panel import PlotPanel


class MeasuredView:
    """``kind`` names the measurement. Subclasses make ``plot`` and draw in ``show``."""

    kind: Kind = "sharpness"
    #: the plot draws all results over the steps, not one of them
    over_time = False

    def __init__(self, plot: PlotPanel) -> None:
        self.plot = plot
        #: node -> name, as the person gave them
        self.names: Mapping[str, str] = {}
        #: node -> what one of its cells sees of the input, in words
        self.field_of: Callable[[str], str] = lambda node: ""

    def bare(self, keep: int = 0) -> None:
        """Leaves the first tools of the plot out (smoothing), which say nothing of a few points."""
        for k in range(self.plot.tools.count() - keep):
            item = self.plot.tools.itemAt(k)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()

    def name(self, node: str) -> str:
        """A node's name, or its id once it is gone."""
        return self.names.get(node, node)

    def title(self) -> str:
        """For the list and the head of the plot."""
        raise NotImplementedError

    def words(self) -> str:
        """What is shown and what is healthy, in two or three sentences."""
        raise NotImplementedError

    def invitation(self) -> str:
        """What stands in place of the plot before the first result."""
        raise NotImplementedError

    def options(self, now: Measured | None) -> list[tuple[str, str]]:
        """(id, label) of what can be measured differently; none for most."""
        return []

    def show(self, now: Measured, results: Sequence[Measured]) -> None:
        """Draws one result; ``results`` are all of this option so far, ``now`` among them."""
        raise NotImplementedError

    def sentence(self, now: Measured) -> str:
        """What the result says."""
        raise NotImplementedError

    def show_selected(self, nodes: Sequence[str]) -> None:
        """Highlights the canvas' selection where the plot has layers."""
        follow: Any = getattr(self.plot, "show_selected", None)
        if follow is not None:
            follow(list(nodes))

    @staticmethod
    def result(measured: Measured) -> Any:
        """The result, of the type that belongs to the kind."""
        return measured.result
