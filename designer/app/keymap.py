"""Which keys a command has: those that it declares, those of a preset, or those that a person gave it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.actions import Command
    from designer.app.settings import Settings

Keys = tuple[str, ...]
#: keys of Blender's node editor for what both programs do; a command that is not named keeps its own
BLENDER: Mapping[str, Keys] = {
    "edit.move": ("G",),
    "edit.delete": ("X", "Del"),
    "edit.delete_reconnect": ("Ctrl+X", "Ctrl+Del"),
    "edit.cut": (),
    "edit.duplicate": ("Shift+D",),
    "edit.all": ("A",),
    "edit.none": ("Alt+A",),
    "edit.invert": ("Ctrl+I",),
    "edit.same_type": ("Shift+G",),
    "edit.redo": ("Ctrl+Shift+Z",),
    "file.data": (),
    "graph.add": ("Shift+A",),
    "graph.connect": ("F",),
    "graph.mute": ("M",),
    "graph.collapse": ("H",),
    "graph.frame": ("Ctrl+J",),
    "graph.group": ("Ctrl+G",),
    "graph.ungroup": ("Ctrl+Alt+G",),
    "graph.open_group": ("Tab",),
    "view.all": ("Home",),
    "view.selection": ("Num+.",),
    "view.maximize": ("Ctrl+Space",),
    "help.commands": ("F3", "Ctrl+Shift+P"),
}
PRESETS: Mapping[str, Mapping[str, Keys]] = {"gradloom": {}, "blender": BLENDER}
_M = Qt.KeyboardModifier
_NO, _SHIFT, _KEYPAD = _M.NoModifier, _M.ShiftModifier, _M.KeypadModifier
#: what the canvas does with keys of its own; no command can have them
RESERVED = (Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


def preset_names() -> dict[str, str]:
    """Presets by id, as they are called."""
    return {"gradloom": "Gradloom", "blender": "Blender"}


def combination(key: str) -> QKeyCombination:
    """The first stroke of a portable key text."""
    return QKeySequence(key)[0]


def shown(key: str) -> str:
    """A key as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def plain(key: str) -> bool:
    """Whether typing text could give it: no modifier but Shift, and no function key."""
    pressed = combination(key)
    typed = pressed.keyboardModifiers() & ~_KEYPAD in (_NO, _SHIFT)
    return typed and not Qt.Key.Key_F1 <= pressed.key() <= Qt.Key.Key_F35


def reserved(key: str) -> str:
    """Why no command can have that key; "" where one can."""
    pressed = combination(key)
    if pressed.key() in RESERVED and pressed.keyboardModifiers() in (_NO, _SHIFT):
        return tr("“{key}” belongs to the canvas itself", key=shown(key))
    if pressed.key() in (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_unknown):
        return tr("Press another key together with it")
    return ""


class Keymap:
    """``own``: what a person changed, by command id, on top of ``preset``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.preset = settings.key_preset if settings.key_preset in PRESETS else "gradloom"
        self.own = _read(settings.own_keys)

    def keys(self, command: Command) -> Keys:
        """What a command as declared has now."""
        preset = PRESETS[self.preset].get(command.id, command.keys)
        return self.own.get(command.id, preset)

    def usual(self, command: Command) -> Keys:
        """What it has without a person's changes."""
        return PRESETS[self.preset].get(command.id, command.keys)

    def owner(self, key: str, commands: Iterable[Command], but: str = "") -> Command | None:
        """The command that has that key now, other than ``but``."""
        wanted = QKeySequence(key)
        for command in commands:
            if command.id != but and any(QKeySequence(k) == wanted for k in self.keys(command)):
                return command
        return None

    # ------------------------------------------------------------------ changing

    def give(self, command: Command, keys: Keys, commands: Iterable[Command]) -> None:
        """These keys; whoever had one of them loses it."""
        everyone = list(commands)
        for key in keys:
            other = self.owner(key, everyone, command.id)
            if other is not None:
                self._set(other, tuple(k for k in self.keys(other) if QKeySequence(k) != QKeySequence(key)))
        self._set(command, keys)
        self._keep()

    def reset(self, command: Command, commands: Iterable[Command]) -> None:
        """The usual keys again, taken from whoever was given one of them meanwhile."""
        self.own.pop(command.id, None)
        self.give(command, self.usual(command), commands)

    def reset_all(self) -> None:
        """As the preset says."""
        self.own.clear()
        self._keep()

    def choose(self, preset: str) -> None:
        """Another preset; what a person changed is forgotten with the old one."""
        self.preset = preset
        self.reset_all()

    def _set(self, command: Command, keys: Keys) -> None:
        if keys == self.usual(command):
            self.own.pop(command.id, None)
        else:
            self.own[command.id] = keys

    def _keep(self) -> None:
        self.settings.key_preset = self.preset
        self.settings.own_keys = json.dumps({k: list(v) for k, v in sorted(self.own.items())})


def _read(text: str) -> dict[str, Keys]:
    """Nonsense in the settings counts as nothing."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        k: tuple(v) for k, v in found.items()
        if isinstance(v, list) and all(_is_key(s) for s in v)
    }  # fmt: skip


def _is_key(text: object) -> bool:
    if not isinstance(text, str) or QKeySequence(text).count() != 1:
        return False
    return combination(text).key() != Qt.Key.Key_unknown
