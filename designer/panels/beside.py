"""Plots side by side: the one of the panel and one for each run that is laid over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from designer.panels.live import LivePanel
from widgets import tokens
from widgets.panel import PlotPanel

#: beside the panel's own there is room for these
MOST = 3


class Beside:
    """``show(titles)`` makes as many further plots as there are titles; each is made once and kept."""

    def __init__(self, panel: LivePanel, make: Callable[[], PlotPanel], signed: Callable[[], PlotPanel]) -> None:
        self._make, self._signed = make, signed
        self._own = panel.plot
        self.others: list[PlotPanel] = []
        self.difference: PlotPanel | None = None
        column = panel.layout()
        assert isinstance(column, QVBoxLayout)
        column.removeWidget(panel.plot)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(tokens.SPACE_1)
        self._row.addWidget(panel.plot, 1)
        column.addLayout(self._row, 1)

    def show(self, titles: Sequence[str], difference: str = "", *, before: bool = False) -> Sequence[PlotPanel]:
        """Those of the other runs; ``difference`` is the title of a last one, "" where there is none. ``before``: they
        stand at the left of the panel's own (side A of a fork)."""
        titles = titles[:MOST]
        while len(self.others) < len(titles):
            self.others.append(self._make())
            self._row.insertWidget(len(self.others), self.others[-1], 1)
        if titles and before != (self._row.indexOf(self._own) > 0):
            self._row.removeWidget(self._own)
            self._row.insertWidget(len(self.others) if before else 0, self._own, 1)
        for k, plot in enumerate(self.others):
            plot.setVisible(k < len(titles))
            if k < len(titles):
                plot.show_title(titles[k])
        if difference and self.difference is None:
            self.difference = self._signed()
            self._row.addWidget(self.difference, 1)
        if self.difference is not None:
            self.difference.setVisible(bool(difference))
            self.difference.show_title(difference)
        return self.others[: len(titles)]
