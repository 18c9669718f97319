"""Keys as a person wants them: search a command, press the new key; who has it already is named; presets, reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.app.actions import Command
from designer.app.commands import menu_titles
from designer.app.finder import menu_words
from designer.app.keymap import preset_names, reserved, shown
from designer.canvas.fits import Offer, score
from widgets import tokens
from widgets.fields import SearchField, Segmented
from widgets.i18n import plain, tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

ID = Qt.ItemDataRole.UserRole


class KeyDialog(QDialog):
    """Every change holds at once and is kept."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Change keys"))
        self.main, self.keymap, self.actions_ = window, window.keymap, window.actions_
        self.presets = Segmented(list(preset_names().items()), self.keymap.preset)
        self.presets.value_changed.connect(lambda name: self._choose_preset(str(name)))
        self.search = SearchField(tr("Find a command, or a key such as Ctrl+L"))
        self.search.text_settled.connect(lambda _: self.fill())
        self.tree = QTreeWidget()
        self.tree.setRootIsDecorated(False)
        self.tree.setHeaderLabels([tr("command"), tr("keys"), tr("menu")])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.tree.setAccessibleName(tr("Commands and their keys"))
        self.tree.currentItemChanged.connect(lambda *_: self._show_current())
        self.field = QKeySequenceEdit()
        self.field.setMaximumSequenceLength(1)
        self.field.setAccessibleName(tr("New key"))
        self.field.keySequenceChanged.connect(lambda _: self._judge())
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setProperty("role", "secondary")
        self.instead, self.too = QPushButton(tr("Use this key")), QPushButton(tr("Use it as well"))
        self.none, self.usual = QPushButton(tr("No key")), QPushButton(tr("Reset"))
        self.instead.setProperty("primary", True)
        self.instead.clicked.connect(lambda: self._give(()))
        self.too.clicked.connect(lambda: self._give(self._keys()))
        self.none.clicked.connect(self._take_away)
        self.usual.clicked.connect(self._reset)
        for button in (self.instead, self.too, self.none, self.usual):
            button.setAutoDefault(False)
        self._place()
        self.resize(tokens.scaled(680), tokens.scaled(620))
        self.fill()
        self.search.setFocus()

    def _place(self) -> None:
        head, row = QHBoxLayout(), QHBoxLayout()
        head.addWidget(QLabel(tr("Preset")))
        head.addWidget(self.presets)
        head.addStretch(1)
        self.everything = QPushButton(tr("Reset all"))
        self.everything.setAutoDefault(False)
        self.everything.clicked.connect(self._reset_all)
        head.addWidget(self.everything)
        row.addWidget(QLabel(tr("New key")))
        row.addWidget(self.field, 1)
        for button in (self.instead, self.too, self.none, self.usual):
            row.addWidget(button)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(tokens.SPACE_2)
        column.addLayout(head)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        editor = QWidget()
        editor.setLayout(row)
        row.setContentsMargins(0, 0, 0, 0)
        column.addWidget(editor)
        column.addWidget(self.words)
        column.addWidget(buttons)

    # ------------------------------------------------------------------ list

    def _commands(self) -> list[Command]:
        return list(self.actions_.declared.values())

    def fill(self) -> None:
        """Commands that match, best first; the current one stays current."""
        kept = self._current()
        menus = {k: plain(t) for k, t in menu_titles().items()}
        above = menu_words()
        query, ranked = self.search.text().strip(), []
        for k, command in enumerate(self._commands()):
            keys = ", ".join(shown(key) for key in self.keymap.keys(command))
            title, menu = plain(command.title).rstrip("…"), menus.get(command.menu.split(".")[0], "")
            title = f"{above[command.menu]}: {title}" if command.menu in above else title
            same = bool(query) and query.lower() in keys.lower()
            rank = score(query, Offer(command.id.partition(".")[2], title, "", ()))
            if same or rank is not None:
                ranked.append(((not same, rank or 0, k), command, (title, keys, menu)))
        self.tree.blockSignals(True)
        self.tree.clear()
        for _, command, texts in sorted(ranked, key=lambda r: r[0]):
            item = QTreeWidgetItem(list(texts))
            item.setData(0, ID, command.id)
            if command.id in self.keymap.own:
                item.setFont(1, tokens.font("body", bold=True))
            self.tree.addTopLevelItem(item)
            if kept is not None and command.id == kept.id:
                self.tree.setCurrentItem(item)
        if self.tree.currentItem() is None:
            self.tree.setCurrentItem(self.tree.topLevelItem(0))
        self.tree.resizeColumnToContents(1)
        self.tree.blockSignals(False)
        self._show_current()

    def choose(self, command_id: str) -> None:
        """Makes a command the current one."""
        for k in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(k)
            if item is not None and item.data(0, ID) == command_id:
                self.tree.setCurrentItem(item)

    def _current(self) -> Command | None:
        item = self.tree.currentItem()
        return self.actions_.declared.get(item.data(0, ID)) if item is not None else None

    def _keys(self) -> tuple[str, ...]:
        command = self._current()
        return self.keymap.keys(command) if command is not None else ()

    def _show_current(self) -> None:
        self.field.clear()
        self._judge()

    # ------------------------------------------------------------------ a new key

    def _pressed(self) -> str:
        return self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _judge(self) -> None:
        """Whether the pressed key can be had, and who loses it."""
        key, command = self._pressed(), self._current()
        reason = reserved(key) if key else ""
        other = self.keymap.owner(key, self._commands(), command.id) if key and command is not None else None
        if reason:
            self.words.setText(reason)
        elif other is not None:
            title = plain(other.title).rstrip("…")
            self.words.setText(tr("“{key}” belongs to “{title}”, which loses it.", key=shown(key), title=title))
        elif key:
            self.words.setText(tr("“{key}” is free.", key=shown(key)))
        else:
            self.words.setText(tr("Click into the field and press the key that the chosen command should have."))
        usable = bool(key) and not reason and command is not None
        self.instead.setEnabled(usable)
        self.too.setEnabled(usable and bool(self._keys()))
        self.none.setEnabled(bool(self._keys()))
        self.usual.setEnabled(command is not None and command.id in self.keymap.own)
        self.everything.setEnabled(bool(self.keymap.own))

    def _give(self, before: tuple[str, ...]) -> None:
        command, key = self._current(), self._pressed()
        if command is not None and key:
            self.keymap.give(command, tuple(dict.fromkeys((*before, key))), self._commands())
            self._changed()

    def _take_away(self) -> None:
        command = self._current()
        if command is not None:
            self.keymap.give(command, (), self._commands())
            self._changed()

    def _reset(self) -> None:
        command = self._current()
        if command is not None:
            self.keymap.reset(command, self._commands())
            self._changed()

    def _reset_all(self) -> None:
        self.keymap.reset_all()
        self._changed()

    def _choose_preset(self, name: str) -> None:
        if name != self.keymap.preset:
            self.keymap.choose(name)
            self._changed()

    def _changed(self) -> None:
        self.main.relabel()
        self.fill()
