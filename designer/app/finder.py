"""One line to find things by: layers on the canvas (Ctrl+F) and every command with its key (Ctrl+Shift+P).

A child of the window, so that focus and Escape stay simple. Typing ``>`` first turns the search for layers into one for
commands, and taking it away turns it back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QIcon, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from designer.canvas.fits import Offer, score
from designer.document.find import find_layers
from designer.document.ports import layer_class, title_of
from designer.panels.palette import Index
from widgets import icons, tokens
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

_ROWS, _WIDTH, _ROW = 11, 520, 30
_DETAIL, _ENTRY = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
COMMANDS = ">"


@dataclass(frozen=True)
class Entry:
    """A row: what it is called, what stands at its right, what Enter does, what passing over it shows."""

    title: str
    detail: str
    icon: QIcon
    run: Callable[[], object]
    peek: Callable[[], object] = lambda: None
    enabled: bool = True


def layer_entries(window: MainWindow, query: str) -> list[Entry]:
    """Layers by name, type or shape."""
    analysis, canvas = window.document.analyst.analysis, window.canvas
    found = []
    for node_id in find_layers(analysis, query):
        node = analysis.graph.nodes[node_id]
        kind = layer_class(node.type)
        group = kind.group if kind is not None else "data"
        shape = analysis.output(node_id)
        detail = tr_declared(title_of(node.type)) + (f"   {shape.text()}" if shape is not None else "")
        icon = icons.icon(icons.group_icon(group), tokens.theme().group(group), tokens.ICON_SMALL)
        show = lambda n=node_id: canvas.reveal(n)  # noqa: E731
        found.append(Entry(node.name, detail, icon, show, show))
    return found


def command_entries(window: MainWindow, query: str) -> list[Entry]:
    """Every command, best match first; what cannot be done now is pale."""
    window.actions_.refresh()
    ranked = []
    for k, command in enumerate(window.actions_.commands.values()):
        action = window.actions_[command.id]
        title = command.title.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")
        above = menu_words().get(command.menu)
        title = f"{above}: {title}" if above else title
        rank = score(query, Offer(command.id.partition(".")[2], title, "", (command.tip,) if command.tip else ()))
        if rank is None:
            continue
        keys = [QKeySequence(s).toString(QKeySequence.SequenceFormat.NativeText) for s in command.keys[:1]]
        run = lambda name=command.id: window.actions_.trigger(name)  # noqa: E731
        entry = Entry(title, "".join(keys), action.icon(), run, enabled=action.isEnabled())
        ranked.append((not entry.enabled, rank, k, entry))
    return [entry for *_, entry in sorted(ranked, key=lambda r: r[:3])]


def menu_words() -> dict[str, str]:
    """Menus without whose name a command's title says too little."""
    return {
        "view.heat": tr("Cost as colour"),
        "view.theme": tr("Theme"),
        "view.language": tr("Language"),
        "view.size": tr("Size of text"),
        "graph.align": tr("Align"),
        "train.source": tr("Data"),
        "train.optimizer": tr("Optimizer"),
    }


class _Rows(QStyledItemDelegate):
    """Icon and title at the left, detail in secondary colour at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, tokens.scaled(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = tokens.theme()
        box = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color(theme.hover))
            painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)
        live = bool(option.state & QStyle.StateFlag.State_Enabled) and bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        side = tokens.ICON_SMALL
        icon = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(icon, QIcon) and not icon.isNull():
            icon.paint(painter, int(box.left()) + 8, int(box.center().y()) - side // 2, side, side)
        room = box.adjusted(side + 16, 0, -8, 0)
        painter.setFont(tokens.font("caption"))
        detail = str(index.data(_DETAIL))
        width = painter.fontMetrics().horizontalAdvance(detail)
        painter.setPen(tokens.color(theme.secondary if live else theme.disabled))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, detail)
        painter.setFont(tokens.font("body"))
        painter.setPen(tokens.color(theme.text if live else theme.disabled))
        room.setRight(room.right() - width - 16)
        title = str(index.data(Qt.ItemDataRole.DisplayRole))
        shown = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class Finder(QFrame):
    """``text`` to begin with; ``>`` for commands."""

    def __init__(self, window: MainWindow, text: str = "") -> None:
        super().__init__(window)
        self.main, self._back = window, window.focusWidget()
        canvas, selection = window.canvas, window.document.selection
        self._before = (selection.nodes, selection.wires, canvas.zoom, canvas.visible_rect().center())
        self._peeked = False
        self.setObjectName("finder")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.field, self.list = QLineEdit(self), QListWidget(self)
        self.field.setPlaceholderText(tr("Name, type or shape such as *x32x32;  > for commands"))
        self.field.setAccessibleName(tr("Find"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_2, tokens.SPACE_2, tokens.SPACE_2, tokens.SPACE_2)
        column.setSpacing(tokens.SPACE_1)
        column.addWidget(self.field)
        column.addWidget(self.list)
        theme = tokens.theme()
        self.setStyleSheet(
            f"#finder {{ background: {theme.panel}; border: 1px solid {theme.outline};"
            f" border-radius: {tokens.RADIUS}px; }}"
        )
        self.entries: list[Entry] = []
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda item: self._take(self.list.row(item)))
        self.field.setText(text)
        self.field.textChanged.connect(lambda _: self._fill(peek=True))
        self._fill(peek=False)
        self.show()
        self.raise_()
        self.field.setFocus()

    def _place(self) -> None:
        room = self.main.rect()
        width = min(tokens.scaled(_WIDTH), room.width() - 32)
        rows = min(max(self.list.count(), 1), _ROWS)
        height = min(tokens.scaled(58) + rows * tokens.scaled(_ROW), room.height() - 96)
        self.setGeometry((room.width() - width) // 2, 80, width, height)

    def _fill(self, peek: bool) -> None:
        text = self.field.text()
        commands = text.startswith(COMMANDS)
        find = command_entries if commands else layer_entries
        self.entries = find(self.main, text.removeprefix(COMMANDS).strip())
        self.list.clear()
        for entry in self.entries:
            item = QListWidgetItem(entry.icon, entry.title)
            item.setData(_DETAIL, entry.detail)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.title}, {entry.detail}")
            if not entry.enabled:
                item.setFlags(Qt.ItemFlag.ItemIsSelectable)
            self.list.addItem(item)
        if not self.entries:
            nothing = QListWidgetItem(tr("No command is called so") if commands else tr("No layer matches"))
            nothing.setData(_DETAIL, "")
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.setCurrentRow(0)
        self._place()
        if peek and self.entries and text.strip():
            self._peeked = True
            self.entries[0].peek()

    def _step(self, by: int) -> None:
        if self.entries:
            row = (self.list.currentRow() + by) % len(self.entries)
            self.list.setCurrentRow(row)
            self._peeked = True
            self.entries[row].peek()

    def _take(self, row: int) -> None:
        if 0 <= row < len(self.entries) and self.entries[row].enabled:
            entry = self.entries[row]
            self.leave()
            entry.run()

    def leave(self) -> None:
        """Away; the focus goes back to where it was, or to the canvas."""
        if self.main.finder is self:
            self.main.finder = None
        self.hide()
        self.deleteLater()
        back = self._back if self._back is not None and self._back.isVisible() else self.main.canvas
        back.setFocus()

    def _give_up(self) -> None:
        """Nothing was looked for after all: selection and place as before."""
        nodes, wires, zoom, middle = self._before
        if self._peeked and not self.field.text().startswith(COMMANDS):
            self.main.document.selection.show(nodes, wires)
            self.main.canvas.zoom_to(zoom)
            self.main.canvas.centre_on(middle)
        self.leave()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows walk the list, Enter takes, Escape leaves, and so does losing the focus."""
        if event.type() == QEvent.Type.FocusOut:
            QTimer.singleShot(0, self, self._left)
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self._give_up()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentRow())
        elif key in steps:
            self._step(steps[key])
        else:
            return super().eventFilter(watched, event)
        return True

    def _left(self) -> None:
        if self.main.finder is self and self.main.focusWidget() is not self.field:
            self.main.finder = None
            self.hide()
            self.deleteLater()


def open_finder(window: MainWindow, text: str = "") -> None:
    """The finder, or another one in its place."""
    if window.finder is not None:
        window.finder.leave()
    if text != COMMANDS and not window.centre.currentIndex():
        window.show_canvas()
    window.finder = Finder(window, text)
