"""The palette's blocks: ready ones that open, and the user's own, which can be renamed and removed here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMenu, QMessageBox, QWidget

from designer.canvas.blocks import OWN, PREFIX, Entry, entries, own_entries
from designer.document.verbs.blocks import BlockRefusal
from designer.session.shelf import shelf
from widgets.i18n import tr, tr_declared

BLOCK = PREFIX
LAYER, GROUP = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


def add_blocks(model: QStandardItemModel, words: str) -> None:
    """Headings and rows of the blocks that the search finds, and of files that cannot be used."""
    own = own_entries()
    ready = [e for e in entries() if e not in own]
    for title, found in ((tr("Blocks"), ready), (tr("My blocks"), own)):
        fitting = [e for e in found if _found(e, title, words)]
        hurt = shelf().damaged if found is own and not words else {}
        if fitting or hurt:
            _row(model, title)
        for e in fitting:
            item = QStandardItem(e.title)
            item.setData(e.id, LAYER)
            item.setData(e.group, GROUP)
            hint = tr("Right click: rename or remove") if found is own else tr("A group that can be opened")
            item.setToolTip(f"<b>{_plain(e.title)}</b><p>{_plain(e.line)}</p><p>{hint}</p>")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
            model.appendRow(item)
        for name, sentence in hurt.items():
            item = _row(model, tr("{file}: damaged", file=name))
            item.setToolTip(sentence)


def _row(model: QStandardItemModel, text: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    model.appendRow(item)
    return item


def _found(e: Entry, heading: str, words: str) -> bool:
    text = f"{e.title} {e.line} {heading} block".lower()
    return all(w in text for w in words.lower().split())


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def block_menu(parent: QWidget, ident: str) -> QMenu | None:
    """For one of the user's blocks; None for anything else."""
    own = shelf().blocks().get(ident.removeprefix(OWN)) if ident.startswith(OWN) else None
    if own is None:
        return None
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(tr("Rename…")).triggered.connect(lambda: rename(parent, own.id, own.title))
    menu.addAction(tr("Remove from the palette")).triggered.connect(lambda: _done(parent, shelf().remove, own.id))
    return menu


def rename(parent: QWidget, ident: str, title: str) -> None:
    """Asks for another name."""
    name, taken = QInputDialog.getText(
        parent, tr("Rename a block"), tr("Name in the palette:"), QLineEdit.EchoMode.Normal, title
    )
    if taken:
        _done(parent, shelf().rename, ident, name)


def _done(parent: QWidget, change: object, *args: str) -> None:
    try:
        change(*args)  # type: ignore[operator]
    except BlockRefusal as refusal:
        QMessageBox.warning(parent, tr("Blocks"), tr_declared(str(refusal)))
