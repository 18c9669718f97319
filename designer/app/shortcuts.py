"""The sheet of keys, made from the commands themselves and from the canvas' own table."""

from __future__ import annotations

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


def mouse_keys() -> list[tuple[str, str]]:
    """What mouse and held keys do on the canvas."""
    return [
        (tr("Tab"), tr("search for a layer and add it")),
        (tr("Wheel"), tr("zoom to the pointer")),
        (tr("Middle button, Space + drag"), tr("move the paper")),
        (tr("Drag on empty space"), tr("select with a rubber band; Shift adds, Ctrl toggles")),
        (tr("Drag from a port"), tr("draw a wire; into empty space it asks what to add")),
        (tr("Alt + click on a wire"), tr("cut it")),
        (tr("Arrows"), tr("nudge what is selected; Shift moves further")),
        (tr("Double-click on a name"), tr("rename")),
        (tr("Double-click on a panel's title"), tr("maximise it; Escape restores")),
    ]


class ShortcutSheet(QDialog):
    """Commands by menu in two columns."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setSpacing(tokens.SPACE_6)
        left, right = QVBoxLayout(), QVBoxLayout()
        columns.addLayout(left, 1)
        columns.addLayout(right, 1)
        for k, (menu, title) in enumerate(menu_titles().items()):
            rows = _rows(actions, menu)
            if rows:
                (left if k in (0, 1) else right).addLayout(_block(plain(title), rows))
        left.addLayout(_block(tr("On the canvas"), mouse_keys()))
        left.addStretch(1)
        right.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(area)
        column.addWidget(buttons)
        self.resize(tokens.scaled(860), tokens.scaled(640))


def _rows(actions: Actions, menu: str) -> list[tuple[str, str]]:
    found = []
    for command in actions.commands.values():
        if (command.menu == menu or command.menu.startswith(f"{menu}.")) and command.keys:
            keys = [QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in command.keys]
            found.append((keys[0], plain(command.title)))
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
