"""The sheet of keys, made from the commands themselves and from the canvas' own table."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from designer.app.actions import Actions
from designer.app.commands import menu_titles
from widgets import tokens
from widgets.i18n import plain, tr


def mouse_keys(tab_adds: bool = True) -> list[tuple[str, str]]:
    """What mouse and held keys do on the canvas. ``tab_adds``: no command has the Tab key."""
    return [
        (tr("Tab, double-click") if tab_adds else tr("Double-click"), tr("search for a layer and add it")),
        (tr("Drag from the palette"), tr("add a layer; onto a wire inserts it")),
        (tr("Drag from a port"), tr("draw a wire; into empty space it asks what to add")),
        (tr("Click on a port"), tr("wire a chain: click one layer after the other")),
        (tr("Drag a wire's end"), tr("unplug it, or move it to another port")),
        (tr("Ctrl + right drag"), tr("cut every wire that the stroke crosses")),
        (tr("Alt + click on a wire"), tr("cut it")),
        (tr("Double-click on a wire"), tr("a dot that it is led through")),
        (tr("Drag a layer onto a wire"), tr("insert it; neighbours make room")),
        (tr("Alt + drag"), tr("drag a copy")),
        (tr("Drag onto a tab"), tr("copy to that document, hold it there to choose the place; Shift moves")),
        (tr("Drag on empty space"), tr("select with a rubber band; Shift adds, Ctrl toggles")),
        (tr("Drag a frame's title"), tr("move it with what it holds; its edges and corners resize it")),
        (tr("Double-click on a name"), tr("rename")),
        (tr("Double-click on a note"), tr("write on it; Escape or Ctrl + Enter ends")),
        (tr("Side buttons of the mouse"), tr("back and forward between visited places")),
        (tr("Arrows"), tr("nudge what is selected; Shift moves further")),
        (tr("Ctrl + arrows"), tr("walk from layer to layer; Shift selects them all")),
        (tr("Escape"), tr("cancel, leave the group, select nothing")),
    ]


def view_keys() -> list[tuple[str, str]]:
    """Looking around."""
    return [
        (tr("Wheel, pinch"), tr("zoom to the pointer")),
        (tr("Middle button, Space + drag"), tr("move the paper")),
        (tr("Two fingers"), tr("move the paper")),
        (tr("Double-click on a panel's title"), tr("maximise it; Escape restores")),
        (tr("Middle click on a tab"), tr("close it")),
        (tr("Drag a tab"), tr("another order")),
    ]


class ShortcutSheet(QDialog):
    """Commands by menu in two columns. ``change_wanted`` by its button."""

    change_wanted = Signal()

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        tab_adds = not any("Tab" in command.keys for command in actions.commands.values())
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setSpacing(tokens.SPACE_6)
        left, right = QVBoxLayout(), QVBoxLayout()
        columns.addLayout(left, 1)
        columns.addLayout(right, 1)
        for k, (menu, title) in enumerate(menu_titles().items()):
            rows = _rows(actions, menu)
            if rows:
                (left if k in (0, 1, 2, 5) else right).addLayout(_block(plain(title), rows))
        right.addLayout(_block(tr("On the canvas"), mouse_keys(tab_adds)))
        left.addLayout(_block(tr("Looking around"), view_keys()))
        left.addStretch(1)
        right.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        change = buttons.addButton(tr("Change keys…"), QDialogButtonBox.ButtonRole.ActionRole)
        change.clicked.connect(self.reject)
        change.clicked.connect(self.change_wanted)
        column = QVBoxLayout(self)
        column.addWidget(area)
        column.addWidget(buttons)
        self.resize(tokens.scaled(960), tokens.scaled(700))


def _rows(actions: Actions, menu: str) -> list[tuple[str, str]]:
    found = []
    for command in actions.commands.values():
        if (command.menu == menu or command.menu.startswith(f"{menu}.")) and command.keys:
            keys = [QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in command.keys]
            found.append((", ".join(keys), plain(command.title).rstrip("…")))
    return found


def _block(title: str, rows: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(tokens.SPACE_4)
    grid.setVerticalSpacing(tokens.SPACE_1)
    grid.setContentsMargins(0, 0, 0, tokens.SPACE_4)
    grid.setColumnStretch(1, 1)
    heading = QLabel(title)
    heading.setFont(tokens.font("title", bold=True))
    grid.addWidget(heading, 0, 0, 1, 2)
    for k, (keys, text) in enumerate(rows, 1):
        left, right = QLabel(keys), QLabel(text)
        left.setMinimumWidth(tokens.scaled(110))
        right.setProperty("role", "secondary")
        right.setWordWrap(True)
        grid.addWidget(left, k, 0)
        grid.addWidget(right, k, 1)
    return grid
