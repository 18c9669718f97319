"""Commands as data: id, title, menu, key, icon, when enabled, callback. Menus, tool bar and the key sheet read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from widgets.i18n import plain
from widgets.icons import bind_icon


def always() -> bool:
    """Enabled whatever the state."""
    return True


@dataclass(frozen=True)
class Command:
    """One thing that a person can ask for.

    ``keys``: portable key texts, the first is shown. ``checked``: makes it a check item that shows this value.
    ``section``: a separator stands between two commands of a menu whose sections differ.
    ``local``: its key fires only while the canvas has the focus (single letters, Delete, the clipboard).
    """

    id: str
    title: str
    run: Callable[[], object]
    menu: str = ""
    keys: tuple[str, ...] = ()
    icon: str = ""
    enabled: Callable[[], bool] = always
    checked: Callable[[], bool] | None = None
    section: int = 0
    tip: str = ""
    local: bool = False


@dataclass
class Actions:
    """The QActions of a window by command id. ``refresh`` asks every command whether it is enabled and checked."""

    window: QWidget
    canvas: QWidget
    commands: dict[str, Command] = field(default_factory=dict)
    actions: dict[str, QAction] = field(default_factory=dict)

    def __getitem__(self, name: str) -> QAction:
        return self.actions[name]

    def add(self, commands: Iterable[Command]) -> None:
        """Adds new commands; a known id takes the new title (after a change of language)."""
        for command in commands:
            known = self.actions.get(command.id)
            self.commands[command.id] = command
            if known is None:
                self.actions[command.id] = self._make(command)
            else:
                _label(known, command)

    def _make(self, command: Command) -> QAction:
        action = QAction(self.window)
        action.setObjectName(command.id)
        action.setMenuRole(QAction.MenuRole.NoRole)
        if command.keys:
            action.setShortcuts([QKeySequence(k) for k in command.keys])
        if command.icon:
            bind_icon(action, command.icon)
        action.setCheckable(command.checked is not None)
        # The command is looked up when triggered: a change of language replaces it.
        action.triggered.connect(lambda _=False, name=command.id: self.trigger(name))
        _label(action, command)
        if command.local:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        (self.canvas if command.local else self.window).addAction(action)
        return action

    def trigger(self, name: str) -> None:
        """Runs a command if it is enabled, then refreshes all."""
        command = self.commands[name]
        if command.enabled():
            command.run()
        self.refresh()

    def refresh(self) -> None:
        """Brings enabled and checked of every action up to date."""
        for name, command in self.commands.items():
            action = self.actions[name]
            action.setEnabled(command.enabled())
            if command.checked is not None:
                action.setChecked(command.checked())

    def fill(self, menu: QMenu, name: str) -> None:
        """Appends the commands of one menu, with separators between sections."""
        section: int | None = None
        for command in self.commands.values():
            if command.menu != name:
                continue
            if section is not None and command.section != section:
                menu.addSeparator()
            section = command.section
            menu.addAction(self.actions[command.id])


def _label(action: QAction, command: Command) -> None:
    action.setText(command.title)
    shown = QKeySequence(command.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if command.keys else ""
    text = command.tip or plain(command.title)
    action.setToolTip(f"{text}  ({shown})" if shown else text)
    action.setStatusTip("")
