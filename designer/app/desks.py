"""The open documents of a window: which tab is on show, new ones, closing, order, and coming back to where one was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from designer.app.desk import Desk
from designer.app.doc_tabs import DocTabs
from designer.app.drag_over_tabs import DragOverTabs
from designer.app.panel_makers import makers
from designer.session.quiet import QuietCollection
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

BACKGROUND_MS, SHOWN_MS = 250, 33
TIDY_MS = 300


def ask_end_training(window: MainWindow, names: list[str]) -> bool:
    """Whether a running training may be ended."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("Training is running"))
    box.setText(tr("End the training of {names}?", names=", ".join(f"“{n}”" for n in names)))
    box.setInformativeText(tr("What it has learned so far is lost unless it was saved."))
    end = box.addButton(tr("End it"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    ended = box.clickedButton() is end
    box.deleteLater()
    return ended


class Desks(QObject):
    """``current`` is the tab on show; there is always one. ``all`` is their order in the tab bar."""

    #: a tab came, went, was renamed or is on show now
    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.tabs = DocTabs()
        self.stack = QStackedWidget()
        self.place = QWidget()
        self.column = column = QVBoxLayout(self.place)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self.stack, 1)
        self._leaving: list[Any] = []
        self._tidy = QTimer(self)
        self._tidy.setInterval(TIDY_MS)
        self._tidy.timeout.connect(self._tidied)
        self._quiet = QuietCollection(window, lambda: any(d.document.bridge.state.busy for d in self.all))
        self.current: Desk
        self._waiting: list[Desk] = []
        self._preferred: Path | None = None
        self._drag = DragOverTabs(self)
        self.tabs.chosen.connect(lambda desk: self.show(desk))
        self.tabs.close_wanted.connect(lambda desk: self.close(desk))
        self.tabs.new_wanted.connect(lambda: window.files.new())

    @property
    def all(self) -> list[Desk]:
        """Every tab, from left to right."""
        return self.tabs.owners()

    # ------------------------------------------------------------------ new

    def begin(self) -> None:
        """The first tab, before the window has its panels."""
        self.current = self._make()
        self._enlist(self.current)
        self.stack.setCurrentWidget(self.current.canvas)
        self.window.notice.show_board(self.current.notices)

    def _make(self) -> Desk:
        desk = Desk(self.window)
        desk.canvas.bound = self.window.bound
        self.stack.addWidget(desk.canvas)
        return desk

    def _enlist(self, desk: Desk) -> None:
        """It gets its tab."""
        self.tabs.add(desk)
        mark = lambda *_: self.tabs.mark(desk)  # noqa: E731
        desk.document.renamed.connect(mark)
        desk.document.renamed.connect(self.changed)
        desk.document.bridge.state_changed.connect(mark)
        mark()
        self._drag.watch(desk)
        self.changed.emit()

    def equip(self, desk: Desk) -> None:
        """What needs the rest of the window: makers of panels, dialogs for files."""
        desk.makers = makers(self.window, desk)
        self.window.files.follow(desk.document)

    def free(self) -> Desk:
        """A tab for another document: the one on show if nothing was done in it yet, else a new one, not shown yet."""
        if self.current.document.empty and self.current not in self._waiting:
            self._waiting.append(self.current)
            return self.current
        desk = self._make()
        self.equip(desk)
        self._waiting.append(desk)
        return desk

    def opened(self, desk: Desk) -> None:
        """Its document is there: it gets a tab and is shown."""
        if desk in self._waiting:
            self._waiting.remove(desk)
        if desk not in self.all:
            self._enlist(desk)
        self.show(desk)
        self.window.show_opened(desk)
        self._keep_to_preferred()

    def given_up(self, document: QObject) -> None:
        """The file could not be read, or nobody waits for it any more: a tab made for it goes."""
        for desk in [d for d in self._waiting if d.document is document]:
            self._waiting.remove(desk)
            if desk not in self.all:
                self._remove(desk)

    def with_file(self, path: Path, sample: bool = False) -> Desk | None:
        """The tab in which this file is open; of a sample the copy in which nothing was changed."""
        wanted = path.resolve()
        for desk in self.all:
            document = desk.document
            if sample:
                same = document.origin == wanted and document.sample and not document.store.modified
            else:
                same = document.path is not None and document.path.resolve() == wanted
            if same:
                return desk
        return None

    # ------------------------------------------------------------------ showing

    def show(self, desk: Desk) -> None:
        """Another tab; the one before keeps its focus, selection and place for when it is shown again."""
        window, before = self.window, self.current
        if desk is before:
            self.tabs.show_chosen(desk)
            return
        if window.finder is not None:
            window.finder.leave()
        before.canvas.cancel_tool()
        before.canvas.close_quick_add()
        before.canvas.close_chain_line()
        focus = window.focusWidget()
        before.focus = ref(focus) if focus is not None and focus is not self.tabs else None
        before.time = window.status.time.place_now
        before.document.bridge.show_pace(BACKGROUND_MS)
        self.current = desk
        desk.document.bridge.show_pace(SHOWN_MS)
        self.stack.setCurrentWidget(desk.canvas)
        self.tabs.show_chosen(desk)
        window.follow_desk(desk)
        self._focus_back(desk)

    def _focus_back(self, desk: Desk) -> None:
        if not self.stack.isVisible():
            return
        widget = desk.focus() if desk.focus is not None else None
        fits = widget is not None and widget.isVisible() and widget.window() is self.window
        (widget if fits and widget is not None else desk.canvas).setFocus()

    def prefer(self, path: Path) -> None:
        """Of several files that are being read this one is on show in the end."""
        self._preferred = path.resolve()
        self._keep_to_preferred()

    def _keep_to_preferred(self) -> None:
        found = self.with_file(self._preferred) if self._preferred is not None else None
        if found is not None:
            self.show(found)
        if not self._waiting:
            self._preferred = None

    def files(self) -> tuple[str, ...]:
        """Those that have one, from left to right, and that of the tab on show last once more."""
        paths = [str(d.document.path) for d in self.all if d.document.path is not None]
        shown = self.current.document.path
        return (*paths, str(shown)) if shown is not None else (*paths, *paths[-1:])

    def step(self, by: int) -> None:
        """The next tab to the right, or to the left; around at the end. From the start page back to the documents."""
        if not self.window.centre.currentIndex():
            self.window.show_canvas()
            return
        desks = self.all
        self.show(desks[(desks.index(self.current) + by) % len(desks)])

    # ------------------------------------------------------------------ closing

    def close(self, desk: Desk) -> None:
        """After the questions that belong to it."""
        if desk.document.bridge.state.busy and not ask_end_training(self.window, [desk.document.name]):
            return
        if desk.document.store.modified:
            self.show(desk)
        self.window.files.unless_unsaved(lambda: self._drop(desk), desk.document)

    def _drop(self, desk: Desk) -> None:
        desks = self.all
        if desk not in desks:
            return
        if len(desks) == 1:
            fresh = self._make()
            self.equip(fresh)
            self._enlist(fresh)
            self.show(fresh)
            self.window.show_start_page()
        elif desk is self.current:
            at = desks.index(desk)
            self.show(desks[at + 1] if at + 1 < len(desks) else desks[at - 1])
        self.tabs.remove(desk)
        self._remove(desk)
        self.changed.emit()

    def _remove(self, desk: Desk) -> None:
        self._drag.forget(desk)
        self.window.panels.forget(desk)
        self.stack.removeWidget(desk.canvas)
        self._leaving += desk.leave()
        self._tidy.start()

    def _tidied(self) -> None:
        """Once its training is through and Qt has let go: the cycles in between are collected, when nobody looks."""
        self._leaving = [s for s in self._leaving if s.alive]
        if not self._leaving:
            self._tidy.stop()
            self._quiet.ask()

    def unless_unsaved(self, then: Callable[[], object]) -> None:
        """``then()`` once every tab was saved or given up; asked one by one, each shown while it is asked about."""
        running = [d.document.name for d in self.all if d.document.bridge.state.name == "running"]
        if running and not ask_end_training(self.window, running):
            return
        self._ask_next([d for d in self.all if d.document.store.modified], then)

    def _ask_next(self, left: list[Desk], then: Callable[[], object]) -> None:
        if not left:
            then()
            return
        self.window.show_canvas()
        self.show(left[0])
        self.window.files.unless_unsaved(lambda: self._ask_next(left[1:], then), left[0].document)

    @property
    def asks(self) -> bool:
        """Whether closing the window would lose something."""
        return any(d.document.store.modified or d.document.bridge.state.name == "running" for d in self.all)

    def shut_down(self) -> bool:
        """Ends every training and waits for it."""
        self._tidy.stop()
        self._quiet.stop()
        desks = [*self.all, *(d for d in self._waiting if d not in self.all)]
        for desk in desks:
            desk.gone = True
        ended = [d.document.shut_down() for d in desks]
        return all([*ended, *(s.close(5.0) for s in self._leaving)])
