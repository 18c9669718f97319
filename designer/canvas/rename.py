"""Rename in place: a field over the card's name. Enter or leaving accepts, Escape keeps the old name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from designer.canvas.in_place import LineField
from designer.document import verbs
from designer.document.sheet import group_of
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class RenameField(LineField):
    """Of a layer, or of a group by its card's id."""

    def __init__(self, canvas: Canvas, card: str) -> None:
        group = group_of(card)
        if group is None:
            canvas.reveal(card)
        else:
            canvas.groups.reveal_card(card)
        item, store = canvas.scene_.cards[card], canvas.store

        def accept(text: str) -> None:
            if group in store.state.groups:
                store.attempt(tr("Rename"), verbs.rename_group, group, text)
            elif card in store.state.graph.nodes:
                store.attempt(tr("Rename"), verbs.rename, card, text)

        place = QRectF(item.x() + 30, item.y() + 4, item.card.width - 38, 24)
        super().__init__(canvas, place, canvas.groups.title_of(card), accept)
        self.setAccessibleName(tr("Name of the layer") if group is None else tr("Name of the group"))
