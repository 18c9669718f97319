"""What a double-click opens and what a right click is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from designer.canvas.tools.base import Pointer
from designer.canvas.tools.reroute import toggle_dot
from designer.document.sheet import card_of, members_of

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: the part of a card, from above, that holds its name
NAME = 26


def open_at(canvas: Canvas, at: Pointer) -> None:
    """On a card's name: rename; on the card: open, a group's: enter; on a note or a frame's title: write;
    on a wire: a dot; else quick add."""
    scene = canvas.scene_
    node = scene.node_at(at.scene)
    if node is not None:
        if at.scene.y() - scene.nodes[node].y() < NAME:
            canvas.edits.rename(node)
        else:
            canvas.node_activated.emit(node)
        return
    group = scene.group_at(at.scene)
    if group is not None:
        if at.scene.y() - scene.cards[card_of(group)].y() < NAME:
            canvas.edits.rename(card_of(group))
        else:
            canvas.groups.enter(group)
        return
    hit = canvas.annotations.at(at.scene)
    if hit is not None and not (hit.key[0] == "frame" and hit.edges):
        canvas.annotations.write(hit.key)
    elif scene.port_at(at.scene) is None and not toggle_dot(canvas, at.scene):
        canvas.quick_add(at.scene)


def subject_at(canvas: Canvas, point: QPointF) -> object:
    """The card, wire, frame or note of a right click, which is selected unless it was; None on empty paper."""
    scene, chosen = canvas.scene_, canvas.selection
    node, wire, group = scene.node_at(point), scene.wire_at(point), scene.group_at(point)
    if group is not None:
        members = members_of(canvas.store.state, (card_of(group),))
        if not set(members) <= set(chosen.nodes):
            chosen.show(members)
        return card_of(group)
    hit = canvas.annotations.at(point) if node is None and wire is None else None
    if node is not None:
        if node not in chosen.nodes:
            chosen.show((node,))
    elif wire is not None:
        if wire not in chosen.wires:
            chosen.show((), (wire,))
    elif hit is not None and hit.key not in chosen.areas:
        chosen.show((), (), (hit.key,))
    return node or wire or (hit.key if hit is not None else None)
