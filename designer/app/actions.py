"""Commands as data: id, title, menu, key, icon, when enabled, callback. Menus, tool bar and the key sheet read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from designer.app.keymap import Keymap, combination, shown
from designer.app.keymap import plain as plain_key
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


Bound = dict[tuple[Qt.Key, Qt.KeyboardModifier], Callable[[], object] | None]
#: asks for help from anywhere; a text field keeps it to itself
FREE = ("?",)


def _for_canvas(key: str) -> bool:
    """Tab would be taken from every field within the canvas, too, if it were a shortcut."""
    pressed = combination(key)
    ctrl = bool(pressed.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier)
    return pressed.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab) and not ctrl


@dataclass
class Actions:
    """The QActions of a window by command id. ``refresh`` asks every command whether it is enabled and checked."""

    window: QWidget
    canvas: QWidget
    keymap: Keymap
    #: keys that only the canvas itself can catch (Tab), and None for those that belong to commands
    bound: Bound
    commands: dict[str, Command] = field(default_factory=dict)
    #: as they were declared, before a preset or a person gave them other keys
    declared: dict[str, Command] = field(default_factory=dict)
    actions: dict[str, QAction] = field(default_factory=dict)

    def __getitem__(self, name: str) -> QAction:
        return self.actions[name]

    def add(self, commands: Iterable[Command]) -> None:
        """Adds new commands; a known id takes the new title and keys (after a change of language or of keys)."""
        other_keys = False
        for told in commands:
            keys = self.keymap.keys(told)
            command = told if keys == told.keys else replace(told, keys=keys)
            known, before = self.actions.get(command.id), self.commands.get(command.id)
            self.declared[command.id], self.commands[command.id] = told, command
            if known is None:
                self.actions[command.id] = known = self._make(command)
            if before is None or before.keys != command.keys:
                self._bind(known, command)
                other_keys = True
            if before is None or (before.title, before.tip, before.keys) != (command.title, command.tip, command.keys):
                _label(known, command)
        if other_keys:
            self._tell_canvas()

    def _bind(self, action: QAction, command: Command) -> None:
        """Its keys; one that could be typed fires only while the canvas has the focus."""
        action.setShortcuts([QKeySequence(k) for k in command.keys if not _for_canvas(k)])
        typed = [k for k in command.keys if k not in FREE]
        local = command.local or (bool(typed) and all(plain_key(k) for k in typed))
        context = Qt.ShortcutContext
        action.setShortcutContext(context.WidgetWithChildrenShortcut if local else context.WindowShortcut)
        (self.window if local else self.canvas).removeAction(action)
        (self.canvas if local else self.window).addAction(action)

    def _tell_canvas(self) -> None:
        """Keys that the canvas must leave to the commands, or run for them."""
        self.bound.clear()
        for command in (*self.declared.values(), *self.commands.values()):
            for key in command.keys:
                pressed = combination(key)
                self.bound[pressed.key(), pressed.keyboardModifiers()] = None
        for command in self.commands.values():
            for key in command.keys:
                if _for_canvas(key):
                    pressed = combination(key)
                    run = lambda name=command.id: self.trigger(name)  # noqa: E731
                    self.bound[pressed.key(), pressed.keyboardModifiers()] = run

    def key_of_adding(self) -> str:
        """The key for the search list of layers: Tab, which the canvas has itself unless a command has it; else the
        command's own."""
        key = Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier
        keys = ("Tab",) if key not in self.bound else self.commands["graph.add"].keys
        return shown(keys[0]) if keys else ""

    def _make(self, command: Command) -> QAction:
        action = QAction(self.window)
        action.setObjectName(command.id)
        action.setMenuRole(QAction.MenuRole.NoRole)
        if command.icon:
            bind_icon(action, command.icon)
        action.setCheckable(command.checked is not None)
        # The command is looked up when triggered: a change of language replaces it.
        action.triggered.connect(lambda _=False, name=command.id: self.trigger(name))
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
