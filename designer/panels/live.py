"""What all live panels share: fed only while somebody can see them, texts that follow the language."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from designer.session.frame import Frame
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


def layer_names(frame: Frame) -> tuple[list[str], list[str]]:
    """Ids and names of the layers with a kernel, sources first."""
    ids = list(frame.plan.layer_order) if frame.plan is not None else []
    return ids, [frame.name(n) for n in ids]
