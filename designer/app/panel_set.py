"""All panels of the window: their docks, default places, and the panels themselves once they are needed.

Docks exist from the start, so that a stored layout finds them; plots are made after the window shows, because
pyqtgraph takes longer to import than everything else together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer
from PySide6.QtWidgets import QTabWidget, QWidget

from designer.app.docks import Dock
from designer.panels.palette import Palette
from designer.panels.problems import ProblemList
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.desk import Desk
    from designer.app.main_window import MainWindow
    from engine.data.dataset import Dataset

TABS = (
    "waterfall",
    "autopsy",
    "doctor",
    "measurements",
    "histograms",
    "microscope",
    "maps",
    "answers",
    "boundary",
    "runs",
    "data",
    "table",
    "code",
)
BOTTOM = ("curves", "profile", *TABS)
SIDE = ("problems", "outline", "history", "checks", "ledger", "compare")
FOLDED_WIDTH = 56
SHARED = ("palette",)


class PanelSet(QObject):
    """``docks`` by name; ``content(name)`` is the panel, None until it was made."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.docks: dict[str, Dock] = {}
        self._before_maximizing: QByteArray | None = None
        self._before_hiding: QByteArray | None = None
        self._unsized = False
        self._folded: tuple[bool, int] | None = None
        for name in ("palette", "inspector", *BOTTOM, *SIDE):
            dock = Dock(name, window)
            dock.maximize_wanted.connect(lambda n=name: self.maximize(n))
            dock.shown_changed.connect(lambda shown, n=name: self._made_if_needed(n, shown))
            self.docks[name] = dock
        # Seven names under its axis and the choice above it want this; its neighbours' rows of tools would squeeze it.
        self.docks["profile"].setMinimumWidth(tokens.scaled(288))
        # A table and a plot below each other; made with the first look at it, it must not push the canvas up then.
        self.docks["runs"].setMinimumHeight(tokens.scaled(274))
        self._shared: dict[str, QWidget] = {}
        self._front: set[str] = set()
        self.ready = False
        self.arrange()
        self.retranslate()

    def _doctor_title(self) -> str:
        """With the number of findings, so that a tab behind others tells of them."""
        report = self.window.document.examinations.report
        found = len(report.cards) if report is not None else 0
        return tr("Doctor ({count})", count=found) if found else tr("Doctor")

    def show_doctor_title(self) -> None:
        """Its number anew."""
        self.docks["doctor"].show_title(self._doctor_title())

    def retranslate(self) -> None:
        """Titles in the language in force."""
        titles = {
            "palette": tr("Layers"),
            "inspector": tr("Inspector"),
            "curves": tr("Loss"),
            "profile": tr("Gradient by layer"),
            "waterfall": tr("Waterfall"),
            "autopsy": tr("Why"),
            "doctor": self._doctor_title(),
            "measurements": tr("Measurements"),
            "histograms": tr("Histograms"),
            "microscope": tr("Activation"),
            "maps": tr("Maps"),
            "answers": tr("Answers"),
            "boundary": tr("Boundary"),
            "runs": tr("Runs"),
            "data": tr("Data"),
            "table": tr("Table"),
            "code": tr("Code"),
            "problems": tr("Problems"),
            "outline": tr("Outline"),
            "history": tr("History"),
            "checks": tr("Checks"),
            "ledger": tr("Dead units"),
            "compare": tr("Compare"),
        }
        for name, title in titles.items():
            self.docks[name].show_title(title)

    def arrange(self) -> None:
        """The default places: palette left, inspector right, below them three columns side by side."""
        window, area = self.window, Qt.DockWidgetArea
        window.setCorner(Qt.Corner.TopLeftCorner, area.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.TopRightCorner, area.RightDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, area.BottomDockWidgetArea)
        window.setTabPosition(area.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for dock in self.docks.values():
            dock.setFloating(False)
            window.removeDockWidget(dock)
        window.addDockWidget(area.LeftDockWidgetArea, self.docks["palette"])
        window.addDockWidget(area.RightDockWidgetArea, self.docks["inspector"])
        for name in SIDE:
            window.addDockWidget(area.RightDockWidgetArea, self.docks[name])
            self.docks[name].hide()
        window.addDockWidget(area.BottomDockWidgetArea, self.docks["curves"])
        window.splitDockWidget(self.docks["curves"], self.docks["profile"], Qt.Orientation.Horizontal)
        window.splitDockWidget(self.docks["profile"], self.docks["waterfall"], Qt.Orientation.Horizontal)
        for name in TABS[1:]:
            window.tabifyDockWidget(self.docks["waterfall"], self.docks[name])
        for name in ("palette", "inspector", *BOTTOM):
            self.docks[name].show()
        self.docks["waterfall"].raise_()
        for dock in self.docks.values():
            dock.follow_tabs()
        self._suited = ""
        self.resize_docks()

    def resize_docks(self) -> None:
        """Sizes that suit the window: the canvas keeps the most."""
        window = self.window
        self._unsized = not window.isVisible()
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        side = [self.docks["palette"], self.docks["inspector"]]
        window.resizeDocks(side, [tokens.scaled(216), tokens.scaled(300)], across)
        height = min(max(int(window.height() * 0.32), 210), 420)
        bottom = [self.docks[n] for n in ("curves", "profile", "waterfall")]
        window.resizeDocks(bottom, [height] * 3, down)
        room = max(window.width() - tokens.scaled(216), 600)
        window.resizeDocks(bottom, [int(room * 0.3), int(room * 0.33), int(room * 0.37)], across)

    # ------------------------------------------------------------------ making

    def _made_of(self, name: str) -> dict[str, QWidget]:
        """Where the panel is kept: each document has its own, but for the palette."""
        return self._shared if name in SHARED else self.window.desk.panels

    def follow_desk(self) -> None:
        """The panels of the document on show; those that it lacks are made one after the other."""
        for name in self._front.difference(SHARED):
            # Those behind others are looked after when they come to the front.
            self.docks[name].fill(self.content(name))
        self.show_doctor_title()
        for desk in self.window.desks.all:
            for name, panel in desk.panels.items():
                if hasattr(panel, "in_front"):
                    panel.in_front = desk.shown and name in self._front
        if self.ready:
            self._make_next()

    def _make_next(self) -> None:
        missing = [n for n in self.docks if n in self._front and self.content(n) is None]
        if missing:
            # One at a time, so that the window answers in between.
            QTimer.singleShot(0, self, lambda: (self._make_one(missing[0]), self._make_next()))

    def _make_one(self, name: str) -> None:
        if name in self._front and self.content(name) is None:
            self.made(name)

    def forget(self, desk: Desk) -> None:
        """That document is closed."""
        for name, panel in desk.panels.items():
            self.docks[name].take_out(panel)

    def make_all(self) -> None:
        """From now on panels are made when they are first seen; those that are seen now are made now."""
        self.ready = True
        for name, dock in self.docks.items():
            if dock.isVisible() and not dock.visibleRegion().isEmpty():
                self._made_if_needed(name, True)

    def suit(self, dataset: Dataset | None) -> None:
        """Maps belong to images, the boundary to points of a plane; a tab that can never show anything is left out."""
        kind = "" if dataset is None else "image" if dataset.image else "plane" if _is_plane(dataset) else "table"
        if dataset is None or kind == self._suited or self._before_hiding is not None:
            return
        self._suited = kind
        for name, wanted in (("maps", kind == "image"), ("boundary", kind == "plane")):
            dock = self.docks[name]
            if wanted and not dock.isVisible():
                front = next((d for d in (self.docks[n] for n in TABS) if d.isVisible() and _in_front(d)), None)
                dock.show()
                if front is not None:
                    front.raise_()
            elif not wanted:
                dock.hide()

    def _made_if_needed(self, name: str, shown: bool) -> None:
        (self._front.add if shown else self._front.discard)(name)
        content = self.content(name)
        if shown and self.ready and content is not None:
            self.made(name)
        elif shown and self.ready:
            # While docks find their places Qt tells of each that it is shown: those behind others are made later.
            QTimer.singleShot(0, self, lambda: self._make_one(name))
        if content is not None and hasattr(content, "in_front"):
            content.in_front = shown

    def made(self, name: str) -> QWidget:
        """The panel, made now if it was not yet."""
        panels = self._made_of(name)
        if name not in panels:
            panels[name] = self.window.desk.makers[name]()
        self.docks[name].fill(panels[name])
        return panels[name]

    def content(self, name: str) -> QWidget | None:
        """The panel if it was made."""
        return self._made_of(name).get(name)

    @property
    def palette(self) -> Palette:
        """The palette."""
        found = self.made("palette")
        assert isinstance(found, Palette)
        return found

    def show_keys(self) -> None:
        """The key that leads to the palette's search, which a person may have changed."""
        made = self.content("palette")
        if isinstance(made, Palette):
            made.search.show_hint(self.window.actions_.key_of_adding())

    @property
    def problems(self) -> ProblemList:
        """The list of problems."""
        found = self.made("problems")
        assert isinstance(found, ProblemList)
        return found

    # ------------------------------------------------------------------ showing

    def show(self, name: str) -> None:
        """Opens a panel and brings it to the front."""
        dock = self.docks[name]
        hidden = not dock.isVisible()
        dock.show()
        dock.raise_()
        if hidden and name in SIDE and not dock.isFloating():
            room = self.docks["inspector"].height() + dock.height()
            self.window.resizeDocks(
                [self.docks["inspector"], dock], [room * 11 // 20, room * 9 // 20], Qt.Orientation.Vertical
            )
        if self.ready:
            self.made(name)

    def show_instead(self, name: str, other: str) -> None:
        """Brings the other to the front where the first one is there now, as by default; else nothing."""
        if name in self._front and not self.maximized:
            self.docks[other].show()
            self.docks[other].raise_()

    @property
    def maximized(self) -> bool:
        """Whether one panel has the whole window."""
        return self._before_maximizing is not None

    def maximize(self, name: str) -> None:
        """One panel alone in the window; again, or Escape, brings the others back."""
        if self.maximized:
            self.restore()
            return
        self._before_maximizing = self.window.saveState()
        for other, dock in self.docks.items():
            if other != name and not dock.isFloating():
                dock.hide()
        self.window.centralWidget().hide()
        self.docks[name].show()

    def restore(self) -> None:
        """All panels as they were."""
        state, self._before_maximizing = self._before_maximizing, None
        if state is not None:
            self.window.centralWidget().show()
            self.window.restoreState(state)

    def toggle_maximized(self) -> None:
        """Maximises the panel that has the focus, or restores."""
        if self.maximized:
            self.restore()
            return
        focus = self.window.focusWidget()
        for name, dock in self.docks.items():
            if focus is not None and dock.isAncestorOf(focus):
                self.maximize(name)
                return
        self.maximize("curves")

    def show_any(self, shown: bool) -> None:
        """The start page has the window to itself."""
        if not shown and self._before_hiding is None:
            self.restore()
            self._before_hiding = self.window.saveState()
            for dock in self.docks.values():
                dock.hide()
        elif shown and self._before_hiding is not None:
            state, self._before_hiding = self._before_hiding, None
            self.window.restoreState(state)
            if self._unsized:
                # Sizes given before the window was shown are lost, and tab bars are wide until they may scroll.
                self._unsized = False
                QTimer.singleShot(0, self, self.resize_docks)

    def state(self, version: int) -> QByteArray:
        """What to store: the places of all panels, even while they are hidden behind the start page."""
        hidden = self._before_hiding is not None
        self.show_any(True)
        self.restore()
        self.fold(False)
        state = self.window.saveState(version)
        if hidden:
            self.show_any(False)
        return state

    # ------------------------------------------------------------------ folding

    def fold(self, folded: bool) -> None:
        """Palette and inspector make room for the canvas while training in a small window."""
        palette, inspector = self.docks["palette"], self.docks["inspector"]
        if folded and self._folded is None:
            self._folded = (inspector.isVisible(), palette.width())
            inspector.hide()
            self.palette.show_folded(True)
            palette.title.setVisible(False)
            self.window.resizeDocks([palette], [FOLDED_WIDTH], Qt.Orientation.Horizontal)
        elif not folded and self._folded is not None:
            shown, width = self._folded
            self._folded = None
            self.palette.show_folded(False)
            palette.title.setVisible(True)
            inspector.setVisible(shown)
            self.window.resizeDocks([palette], [width], Qt.Orientation.Horizontal)


def _is_plane(dataset: Dataset) -> bool:
    return dataset.points("train") is not None


def _in_front(dock: Dock) -> bool:
    return not dock.visibleRegion().isEmpty()
