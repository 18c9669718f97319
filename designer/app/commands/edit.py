"""Edit: undo, clipboard, delete, select."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from designer.app.hidden_layers import invert
from designer.canvas.tools.grab import grab
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def edit_commands(window: MainWindow) -> Iterator[Command]:
    """The Edit menu."""
    store, selection, canvas = window.document.store, window.document.selection, window.canvas
    edits, stack = canvas.edits, store.undo_stack

    def chosen() -> bool:
        return bool(selection.nodes or selection.wires or selection.areas)

    def nodes() -> bool:
        return bool(selection.nodes)

    def named() -> bool:
        return bool(selection.nodes or selection.areas)

    undo = tr("&Undo {text}", text=stack.undoText()) if stack.canUndo() else tr("&Undo")
    redo = tr("&Redo {text}", text=stack.redoText()) if stack.canRedo() else tr("&Redo")
    yield Command("edit.undo", undo, store.undo, "edit", ("Ctrl+Z",), "undo", stack.canUndo)
    yield Command("edit.redo", redo, store.redo, "edit", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", stack.canRedo)
    yield Command("edit.cut", tr("Cu&t"), edits.cut, "edit", ("Ctrl+X",), "scissors", nodes, section=1, local=True)
    yield Command("edit.copy", tr("&Copy"), edits.copy, "edit", ("Ctrl+C",), "copy", nodes, section=1, local=True)
    yield Command("edit.paste", tr("&Paste"), edits.paste, "edit", ("Ctrl+V",), "clipboard", section=1, local=True)
    yield Command(
        "edit.duplicate", tr("&Duplicate"), edits.duplicate, "edit", ("Ctrl+D",), "duplicate", nodes, section=1,
        local=True,
    )  # fmt: skip
    yield Command(
        "edit.delete", tr("De&lete"), edits.delete, "edit", ("Del", "Backspace"), "trash", chosen, section=2, local=True
    )  # fmt: skip
    yield Command(
        "edit.delete_reconnect", tr("Delete and &reconnect"), edits.delete_and_reconnect, "edit", ("Ctrl+Del",), "",
        nodes, section=2, local=True,
    )  # fmt: skip
    yield Command("edit.rename", tr("Re&name"), edits.rename, "edit", ("F2",), "pencil", named, section=2, local=True)
    yield Command("edit.move", tr("&Move with the mouse"), lambda: grab(canvas), "edit", ("G",), "", nodes, section=2,
                  local=True)  # fmt: skip
    yield Command("edit.none", tr("Select &nothing"), selection.clear, "edit", ("Ctrl+Alt+A",), "", chosen, section=3)
    yield Command("edit.invert", tr("&Invert the selection"), lambda: invert(window.document), "edit",
                  ("Ctrl+Alt+I",), section=3)  # fmt: skip
    yield Command("edit.all", tr("Select &all"), edits.select_all, "edit", ("Ctrl+A",), section=3, local=True)
    yield Command(
        "edit.same_type", tr("Select layers of the &same type"), window.select_same_type, "edit", ("Ctrl+Shift+A",), "",
        nodes, section=3,
    )  # fmt: skip
    yield Command("edit.find", tr("&Find a layer"), window.find_layer, "edit", ("Ctrl+F",), "search", section=3)
