"""The main window: puts canvas, panels, tool bar and status bar together and lets them know each other."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from designer.app import hidden_layers as hidden
from designer.app.actions import Actions, Bound
from designer.app.commands import all_commands, menu_titles
from designer.app.commands.train import train_commands
from designer.app.desk import Desk, OfTheDesk
from designer.app.desks import Desks
from designer.app.file_flow import SAMPLES, FileFlow
from designer.app.finder import COMMANDS, Finder, open_finder
from designer.app.keymap import Keymap
from designer.app.looks import Looks
from designer.app.menus import fill_menus
from designer.app.notice import NoticeBar
from designer.app.panel_set import PanelSet
from designer.app.settings import Settings
from designer.app.start_page import StartPage
from designer.app.status_bar import TrainingStatus
from designer.app.templates import new_from_template
from designer.app.top_bar import TopBar
from designer.inspector.inspector import Inspector
from widgets import tokens
from widgets.i18n import language_changed, tr

FOLD_BELOW = 1440
FRAME = 36  # a window manager's title bar is hardly ever higher
VERSION = 3  # of the docks: another number forgets stored layouts that no longer fit


class MainWindow(OfTheDesk, QMainWindow):
    """Documents in tabs; ``document``, ``canvas`` and the like are those of the tab on show."""

    def __init__(self, settings: Settings | None = None, recovery_folder: Path | None = None) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.settings = settings if settings is not None else Settings()
        self.looks = Looks(self.settings, self)
        self.recovery_folder = recovery_folder
        self.notice, self.status = NoticeBar(), TrainingStatus()
        self.finder: Finder | None = None
        self.keymap, self.bound = Keymap(self.settings), Bound()
        self.desks = Desks(self)
        self.desks.begin()
        self._build_centre()
        self.panels = PanelSet(self)
        self.files = FileFlow(self)
        self.desks.equip(self.desk)
        self.actions_ = Actions(self, self.desks.stack, self.keymap, self.bound)
        self.actions_.add(all_commands(self))
        self.top_bar = TopBar(self.document.store, self.actions_)
        self.addToolBar(self.top_bar)
        self.setStatusBar(self.status)
        self.menus: dict[str, QMenu] = {}
        self._build_menus()
        self._connect()
        self._closing = False
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setMinimumSize(960, 600)
        self._restore_window()
        self.relabel()
        self.show_name()

    @property
    def desk(self) -> Desk:  # type: ignore[override]
        """The tab on show."""
        return self.desks.current

    # ------------------------------------------------------------------ building

    def _build_centre(self) -> None:
        self.start_page = StartPage(SAMPLES)
        self.centre = QStackedWidget()
        self.centre.addWidget(self.start_page)
        self.centre.addWidget(self.desks.place)
        self.centre.setMinimumSize(320, 180)
        whole = QWidget()
        self._rows = rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.notice)
        rows.addWidget(self.centre, 1)
        self.setCentralWidget(whole)

    @property
    def inspector(self) -> Inspector:
        """The inspector."""
        found = self.panels.made("inspector")
        assert isinstance(found, Inspector)
        return found

    def _build_menus(self) -> None:
        for name, title in menu_titles().items():
            self.menus[name] = self.menuBar().addMenu(title)
        fill_menus(self)

    def _connect(self) -> None:
        page, status = self.start_page, self.status
        page.new_wanted.connect(self.files.new)
        page.open_wanted.connect(self.files.open)
        page.data_wanted.connect(self.files.choose_data)
        page.path_wanted.connect(lambda p: self.files.open_path(Path(p)))
        page.sample_wanted.connect(lambda p: self.files.open_path(Path(p), sample=True))
        page.template_wanted.connect(lambda n: new_from_template(self, n))
        status.time.visited.connect(lambda step: self.document.bridge.visit(step))
        status.time.go_on_wanted.connect(lambda step: self.document.bridge.go_on_from(step))
        status.time.fork_wanted.connect(lambda step: self.runs.fork.begin(step))
        status.problems_wanted.connect(lambda: self.show_panel("problems"))
        self.top_bar.flow_changed.connect(lambda mode: self.feed.show_mode(mode))
        self.top_bar.own_data_wanted.connect(self.files.choose_data)
        self.looks.changed.connect(self.relabel)
        language_changed.connect(self._retranslate)

    def finish(self) -> None:
        """What can wait until the window shows: plots, the document's data."""
        self.panels.make_all()
        self.document.loader.load()

    # ------------------------------------------------------------------ texts

    def _retranslate(self) -> None:
        self.panels.retranslate()
        for name, title in menu_titles().items():
            self.menus[name].setTitle(title)
        for desk in self.desks.all:
            desk.hints.retranslate()
            desk.runs.retranslate()
        self.relabel()
        fill_menus(self)
        self.show_name()

    def relabel(self) -> None:
        """Titles and states of all commands anew (Undo tells what it would undo)."""
        self.actions_.add(all_commands(self))
        self.actions_.refresh()
        self.panels.show_keys()

    def relabel_training(self) -> None:
        """The same after a run got on: only the commands that name what Run would do, and whether each is possible."""
        self.actions_.add(train_commands(self))
        self.actions_.refresh()

    def show_name(self) -> None:
        """Name and mark of the document on show in the window's title."""
        name = self.document.name
        self.setWindowTitle(f"{name}[*] - Gradloom" if self.centre.currentIndex() else "Gradloom[*]")
        self.setWindowModified(self.document.store.modified)

    # ------------------------------------------------------------------ what is shown

    def show_start_page(self) -> None:
        """Samples and recent files."""
        self.start_page.show_recent(self.settings.recent)
        self.centre.setCurrentIndex(0)
        self._rows.insertWidget(0, self.notice)
        self._show_tools(False)
        self.show_name()

    def show_canvas(self) -> None:
        """The document."""
        self.centre.setCurrentIndex(1)
        # Below the tabs: they stay where they are when something is said.
        self.desks.column.insertWidget(1, self.notice)
        self._show_tools(True)
        self.canvas.setFocus()
        self.show_name()

    def _show_tools(self, shown: bool) -> None:
        self.panels.show_any(shown)
        self.panels.suit(self.document.loader.dataset)
        self.top_bar.setVisible(shown)

    def show_opened(self, desk: Desk) -> None:
        """Another document came into this tab."""
        self.show_canvas()
        self.notice.clear("file")
        self.status.show_analysis(desk.document.analyst.analysis)
        self.relabel()
        # Once the panels have found their places, so that the canvas knows its size.
        QTimer.singleShot(0, desk.canvas, desk.canvas.frame_all)

    def follow_desk(self, desk: Desk) -> None:
        """Everything around the canvas shows the tab that was just chosen."""
        self.setUpdatesEnabled(False)
        try:
            self._show_desk(desk)
        finally:
            self.setUpdatesEnabled(True)

    def _show_desk(self, desk: Desk) -> None:
        document, status = desk.document, self.status
        self.notice.show_board(desk.notices)
        self.top_bar.show_store(document.store)
        self.top_bar.flow.show_value(desk.feed.flow_mode)
        status.time.show_place(document.bridge.frame, desk.time)
        status.show_frame(document.bridge.frame, at_once=True)
        status.show_analysis(document.analyst.analysis)
        self.panels.follow_desk()
        self.panels.suit(document.loader.dataset)
        desk.runs.show()
        self.show_name()

    def show_panel(self, name: str) -> None:
        """Opens a panel and brings it to the front."""
        self.panels.show(name)

    def show_setup(self, which: str) -> None:
        """The training or data form."""
        self.show_panel("inspector")
        self.inspector.show_setup(which)

    def reset_layout(self) -> None:
        """All panels back to their places."""
        self.panels.restore()
        self.panels.fold(False)
        self.show_canvas()
        self.panels.arrange()
        self.panels.suit(self.document.loader.dataset)

    def find_layer(self) -> None:
        """By name, type or shape."""
        open_finder(self)

    def find_command(self) -> None:
        """Every command with its key."""
        open_finder(self, COMMANDS)

    # ------------------------------------------------------------------ commands

    def toggle_run(self) -> None:
        """Run or pause."""
        self.runs.toggle()

    def reset_training(self) -> None:
        """The same initial weights again."""
        self.runs.reset()

    def new_seed(self) -> None:
        """Another seed: other initial weights."""
        self.runs.new_seed()

    def select_same_type(self) -> None:
        """Every layer of a type that is selected."""
        hidden.select_same_type(self.document)

    def choose_hidden_activation(self) -> None:
        """Asks for an activation and sets it on all hidden layers."""
        hidden.choose_activation(self)

    def set_hidden_activation(self, activation: str) -> None:
        """One undo step for all hidden layers."""
        hidden.set_activation(self.document, activation)

    def toggle_frozen(self) -> None:
        """Freeze or unfreeze what is selected."""
        self.canvas.edits.toggle_frozen()

    def show_shortcuts(self) -> None:
        """The sheet of keys."""
        from designer.app.shortcuts import ShortcutSheet

        sheet = ShortcutSheet(self.actions_, self)
        sheet.change_wanted.connect(self.show_keys)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.show()

    def show_keys(self) -> None:
        """Where keys are changed."""
        from designer.app.key_dialog import KeyDialog

        KeyDialog(self).open()

    def show_about(self) -> None:
        """Version and licence."""
        from designer.app.about import show_about

        show_about(self)

    def open_sample(self, name: str) -> None:
        """One of the shipped samples, as a copy."""
        self.files.open_path(SAMPLES / f"{name}.json", sample=True)

    def offer_data(self, path: Path) -> None:
        """The dialog that shows what is in a data file."""
        from designer.panels.data_dialog import offer_data

        offer_data(self, path)

    # ------------------------------------------------------------------ window

    def _restore_window(self) -> None:
        geometry, docks = self.settings.window
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            room = self.screen().availableGeometry()
            # The frame's title is not counted by resize; what is left of the screen is centred.
            self.resize(min(1440, room.width()), min(900, room.height() - FRAME))
            self.move(
                room.left() + (room.width() - self.width()) // 2,
                room.top() + (room.height() - self.height() - FRAME) // 2,
            )
        if docks.isEmpty() or not self.restoreState(docks, VERSION):
            self.panels.resize_docks()
        self.show_start_page()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A small window makes room while it trains."""
        super().resizeEvent(event)
        if hasattr(self, "top_bar"):
            self.follow_width()

    def follow_width(self) -> None:
        """Palette and inspector fold below 1,440 px while training."""
        self.panels.fold(self.width() < tokens.scaled(FOLD_BELOW) and self.document.bridge.state.name == "running")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape restores a maximised panel, and leads from the start page back to the documents."""
        if event.key() == Qt.Key.Key_Escape and self.panels.maximized:
            self.panels.restore()
            return
        if event.key() == Qt.Key.Key_Escape and not self.centre.currentIndex() and not self.document.empty:
            self.show_canvas()
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A project opens, data are offered."""
        urls = event.mimeData().urls()
        if not urls:  # whoever dragged is gone before it was handed over
            self.status.say(tr("What was dropped did not arrive; drop it again"))
            return
        path = Path(urls[0].toLocalFile())
        event.acceptProposedAction()
        # The one who drags waits for the drop's end; a dialog would keep them waiting.
        QTimer.singleShot(0, self, lambda: self.files.open_path(path))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks for unsaved changes; then everything ends in order."""
        if not self._closing and self.desks.asks:
            event.ignore()
            self.desks.unless_unsaved(self._close_for_good)
            return
        self.settings.keep_window(self.saveGeometry(), self.panels.state(VERSION))
        self.settings.open_files = self.desks.files()
        self.settings.sync()
        for desk in self.desks.all:
            if desk.recovery is not None:
                desk.recovery.close()
        # Out of sight at once; the worker may still be at a long step.
        self.hide()
        self.desks.shut_down()
        event.accept()

    def _close_for_good(self) -> None:
        # Saving may have taken a while: the window is closed anew, and this time nothing is asked.
        self._closing = True
        QTimer.singleShot(0, self, self.close)
