"""Keys of commands: presets, a person's own, and text fields that keep every letter to themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from designer.app.key_dialog import KeyDialog
from designer.app.keymap import BLENDER, PRESETS, Keymap, combination, plain
from designer.app.main_window import MainWindow
from designer.app.settings import Settings

Opened = Callable[[str], MainWindow]
K, M = Qt.Key, Qt.KeyboardModifier


@pytest.fixture
def xor(opened: Opened, qtbot: Any) -> MainWindow:
    window = opened("xor_mlp")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()
    return window


def press(window: MainWindow, key: str) -> None:
    window.activateWindow()
    QApplication.processEvents()
    pressed = combination(key)
    QTest.keyClick(window.focusWidget() or window, pressed.key(), pressed.keyboardModifiers())


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_no_key_of_a_preset_belongs_to_two_commands(window: MainWindow, preset: str) -> None:
    window.keymap.choose(preset)
    window.relabel()
    taken: dict[str, str] = {}
    for command in window.actions_.commands.values():
        for key in command.keys:
            assert not QKeySequence(key).isEmpty() and combination(key).key() != K.Key_unknown, key
            assert taken.setdefault(QKeySequence(key).toString(), command.id) == command.id, key


def test_the_preset_names_only_commands_that_exist(window: MainWindow) -> None:
    assert not set(BLENDER) - set(window.actions_.commands)


def test_the_palette_names_the_key_that_opens_the_search_list(xor: MainWindow, qtbot: Any) -> None:
    window = xor
    hint = window.panels.palette.search.hint
    assert hint == "Tab"
    for preset in ("blender", "gradloom"):
        window.keymap.choose(preset)
        window.relabel()
        hint = window.panels.palette.search.hint
        assert hint == {"blender": "Shift+A", "gradloom": "Tab"}[preset]
        window.canvas.setFocus()
        press(window, hint)
        assert window.canvas.quick is not None
        QTest.keyClick(window.canvas.quick.field, K.Key_Escape)
        assert window.canvas.quick is None


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("kind", [QLineEdit, QPlainTextEdit])
def test_what_can_be_typed_never_leaves_a_text_field(xor: MainWindow, preset: str, kind: Any) -> None:
    window = xor
    window.keymap.choose(preset)
    window.relabel()
    window.document.selection.show(tuple(window.document.store.state.graph.nodes)[:2])
    field = kind(window.canvas)
    field.show()
    field.setFocus()
    ran: list[str] = []
    for name, action in window.actions_.actions.items():
        action.triggered.connect(lambda _=False, n=name: ran.append(n))
    before, chosen = window.document.store.state, window.document.selection.nodes
    keys = [k for c in window.actions_.commands.values() for k in c.keys if plain(k) and k != "Tab"]
    assert len(keys) >= 10
    for key in keys:
        field.setFocus()
        pressed = combination(key)
        QTest.keyClick(field, pressed.key(), pressed.keyboardModifiers())
        assert field.hasFocus() and not ran, key
    assert window.document.store.state is before and window.document.selection.nodes == chosen
    assert window.canvas.tool is None and window.canvas.quick is None
    field.deleteLater()


def test_blenders_keys_do_what_they_do_there(xor: MainWindow) -> None:
    window, store = xor, xor.document.store
    window.keymap.choose("blender")
    window.relabel()
    nodes = tuple(store.state.graph.nodes)
    press(window, "A")
    assert set(window.document.selection.nodes) == set(nodes)
    press(window, "Alt+A")
    assert not window.document.selection.nodes
    window.document.selection.show(nodes[1:2])
    press(window, "M")
    assert store.state.graph.nodes[nodes[1]].muted
    press(window, "Shift+D")
    assert len(store.state.graph.nodes) == len(nodes) + 1
    press(window, "X")
    assert len(store.state.graph.nodes) == len(nodes)
    window.document.selection.show(nodes[1:2])
    press(window, "Ctrl+X")
    assert len(store.state.graph.nodes) == len(nodes) - 1 and nodes[1] not in store.state.graph.nodes
    count = store.undo_stack.count()
    press(window, "Ctrl+D")
    assert store.undo_stack.count() == count, "Gradloom's own key is free now"
    press(window, "Tab")
    assert window.canvas.quick is None, "Tab enters a group there"
    press(window, "Shift+A")
    assert window.canvas.quick is not None


def test_a_key_that_was_given_away_does_not_work_by_the_canvas_own_table(xor: MainWindow) -> None:
    window = xor
    window.document.selection.show(tuple(window.document.store.state.graph.nodes)[1:2])
    declared = window.actions_.declared
    window.keymap.give(declared["graph.mute"], (), declared.values())
    window.relabel()
    press(window, "M")
    assert window.document.store.undo_stack.count() == 0


def test_grabbed_layers_follow_the_mouse_until_a_click(xor: MainWindow) -> None:
    window, store, port = xor, xor.document.store, xor.canvas.viewport()
    node = tuple(store.state.graph.nodes)[1]
    window.document.selection.show((node,))
    before = store.state.position(node)
    start = window.canvas.mapFromScene(window.canvas.scene_.nodes[node].box().center())
    for ends, count in (("escape", 0), ("right", 0), ("click", 1), ("enter", 2)):
        QTest.mouseMove(port, start)
        press(window, "G")
        for k in range(1, 5):
            QTest.mouseMove(port, start + QPoint(10 * k, 25 * k))
        if ends == "escape":
            press(window, "Esc")
        elif ends == "enter":
            press(window, "Return")
        else:
            button = Qt.MouseButton.RightButton if ends == "right" else Qt.MouseButton.LeftButton
            QTest.mouseClick(port, button, M.NoModifier, start + QPoint(40, 100))
        assert window.canvas.tool is None and store.undo_stack.count() == count, ends
        assert (store.state.position(node) == before) == (count == 0), ends
    store.undo()
    store.undo()
    assert store.state.position(node) == before


def test_the_dialog_finds_names_conflicts_and_gives_the_key(xor: MainWindow, qtbot: Any, settings: Settings) -> None:
    window = xor
    window.actions_["help.rebind"].trigger()
    dialog = window.findChild(KeyDialog)
    assert dialog is not None
    dialog.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() in (dialog.search, dialog.search.focusProxy()))
    QTest.keyClicks(dialog.search, "auto layout")
    qtbot.waitUntil(lambda: dialog.tree.topLevelItem(0).text(0) == "Auto layout")
    dialog.choose("graph.layout")
    dialog.field.setFocus()
    QTest.keyClick(dialog.field, K.Key_D, M.ControlModifier)
    assert "Duplicate" in dialog.words.text() and dialog.instead.isEnabled()
    QTest.mouseClick(dialog.instead, Qt.MouseButton.LeftButton)
    assert window.actions_.commands["graph.layout"].keys == ("Ctrl+D",)
    assert window.actions_.commands["edit.duplicate"].keys == ()
    assert window.actions_["graph.layout"].shortcut() == QKeySequence("Ctrl+D")
    assert Keymap(settings).own == {"graph.layout": ("Ctrl+D",), "edit.duplicate": ()}, "kept for the next start"
    dialog.field.setFocus()
    QTest.keyClick(dialog.field, K.Key_Left)
    assert not dialog.instead.isEnabled() and "canvas" in dialog.words.text()
    dialog.choose("graph.layout")
    QTest.mouseClick(dialog.usual, Qt.MouseButton.LeftButton)
    assert window.actions_.commands["graph.layout"].keys == ("Ctrl+L",)
    QTest.mouseClick(dialog.everything, Qt.MouseButton.LeftButton)
    assert window.actions_.commands["edit.duplicate"].keys == ("Ctrl+D",) and not window.keymap.own
    dialog.presets.value_changed.emit("blender")
    assert window.actions_.commands["edit.delete"].keys == ("X", "Del") and settings.key_preset == "blender"
    QTest.keyClick(dialog, K.Key_Escape)
    qtbot.waitUntil(lambda: not dialog.isVisible())


def test_a_letter_given_to_a_command_of_the_window_works_on_the_canvas_only(xor: MainWindow) -> None:
    window, declared = xor, xor.actions_.declared
    window.keymap.give(declared["graph.layout"], ("Y",), declared.values())
    window.relabel()
    count = window.document.store.undo_stack.count()
    window.panels.palette.search.setFocus()
    press(window, "Y")
    assert window.panels.palette.search.text().lower() == "y" and window.document.store.undo_stack.count() == count
    ran: list[bool] = []
    window.actions_["graph.layout"].triggered.connect(lambda: ran.append(True))
    window.canvas.setFocus()
    press(window, "Y")
    assert ran == [True]
    window.keymap.reset_all()
    window.relabel()
    press(window, "Ctrl+L")
    assert ran == [True, True]


def test_nonsense_in_the_settings_changes_no_key(settings: Settings) -> None:
    for text in ("{", "[]", '{"edit.undo": 7}', '{"edit.undo": [7]}', '{"edit.undo": ["no such key at all"]}'):
        settings.own_keys = text
        assert Keymap(settings).own == {}
    settings.key_preset = "emacs"
    assert Keymap(settings).preset == "gradloom"
