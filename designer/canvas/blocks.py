"""Blocks on the canvas: ready ones and the user's own, by an id that can stand where a layer's does.

``block:residual`` is a ready block, ``block:my/NAME`` one of the user's shelf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog, QLineEdit

from designer.canvas.ports import PortRef
from designer.document import DocState, Point
from designer.document.layout import Slot
from designer.document.state import new_nodes
from designer.document.templates.blocks import BLOCKS
from designer.document.verbs import Fragment
from designer.document.verbs.blocks import BlockRefusal, add_block, block_of
from designer.session.shelf import shelf
from engine.graph import Edge
from engine.primitives import Shape
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

PREFIX, OWN = "block:", "block:my/"


@dataclass(frozen=True)
class Entry:
    """How a block is offered. ``group``: the layer group whose colour and icon it has."""

    id: str
    title: str
    line: str
    group: str


def entries() -> list[Entry]:
    """Ready blocks, then the user's own."""
    ready = [Entry(PREFIX + b.id, tr_declared(b.title), tr_declared(b.line), b.group) for b in BLOCKS.values()]
    return ready + own_entries()


def own_entries() -> list[Entry]:
    """The user's blocks."""
    found = []
    for block in shelf().blocks().values():
        line = tr("{count} layers", count=len(block.fragment.nodes))
        found.append(Entry(OWN + block.id, block.title, line, "data"))
    return found


def entry(ident: str) -> Entry | None:
    """The block of that id, or None."""
    return next((e for e in entries() if e.id == ident), None)


def made(ident: str, shape: Shape | None) -> Fragment:
    """The block for what will enter; BlockRefusal if there is none of that id."""
    ready = BLOCKS.get(ident.removeprefix(PREFIX))
    if ready is not None:
        return ready.make(shape)
    own = shelf().blocks().get(ident.removeprefix(OWN))
    if own is None:
        raise BlockRefusal("this block is no longer there", "choose another one")
    return own.fragment


def place_block(canvas: Canvas, ident: str, at: Point, wire: Edge | None, origin: PortRef | None) -> str | None:
    """One undo step: on a wire, wired to a port, or on its own; the block is selected. One of its layers, or None."""
    store, analysis = canvas.store, canvas.analyst.analysis
    source = wire.source if wire is not None else origin.node if origin is not None and not origin.is_input else None
    carried = analysis.output(source) if source is not None else None
    try:
        block = made(ident, carried.shape if carried is not None else None)
    except BlockRefusal as refusal:
        store.refused.emit(refusal)
        return None
    wires = canvas.scene_.sheet.twins((wire,)) if wire is not None else ()
    begin = Slot(origin.node, origin.port) if origin is not None and not origin.is_input else None
    ends = canvas.groups.slots(origin) if origin is not None and origin.is_input else ()
    before, sizes = store.state, canvas.scene_.sizes(roomy=True)
    title = entry(ident)
    text = tr("Add {title}", title=title.title if title is not None else ident)
    if not canvas.glide(text, add_block, block, at, sizes, store.within, wires, begin, ends,
                        not ident.startswith(OWN)):  # fmt: skip
        return None
    new = new_nodes(before, store.state)
    canvas.selection.show(new)
    return new[0] if new else None


def save_block(canvas: Canvas) -> str | None:
    """The selected group to the user's shelf, under a name that is asked for; its id, or None."""
    key = canvas.groups.chosen()
    if key is None:
        canvas.message.emit(tr("Select one group to keep it as a block"))
        return None
    title = canvas.store.state.groups[key].title
    name, taken = QInputDialog.getText(
        canvas, tr("Save as block"), tr("Name in the palette:"), QLineEdit.EchoMode.Normal, title
    )
    canvas.setFocus()
    return keep(canvas, key, name) if taken else None


def keep(canvas: Canvas, group: str, name: str) -> str | None:
    """A group to the shelf; what cannot be written is said."""
    try:
        ident = shelf().keep(block_of(canvas.store.state, group), name)
    except BlockRefusal as refusal:
        canvas.store.refused.emit(refusal)
        return None
    canvas.message.emit(tr("{title} is in the palette now, under “My blocks”", title=" ".join(name.split())))
    return ident


def show_repeated(canvas: Canvas, before: DocState, after: DocState, times: int) -> bool:
    """The drawing with the copies as one undo step; all of what was repeated is selected.

    False where the drawing is another one by now.
    """
    store, chosen = canvas.store, canvas.selection.nodes
    if store.state is not before:
        canvas.message.emit(tr("The drawing has changed meanwhile; repeat it again"))
        return False
    done = canvas.glide(tr("Repeat {count} times", count=times), lambda _: after)
    if done:
        canvas.selection.show((*chosen, *new_nodes(before, store.state)))
        content = canvas.scene_.content(canvas.selection.nodes)
        canvas.motion.finish()
        if not canvas.visible_rect().contains(content):
            canvas.frame_all()
    return done
