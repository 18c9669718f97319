"""Verbs that put a block, a fragment with a group around it, into the drawing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from designer.document.geometry import GRID, Point, Sizes, snap
from designer.document.group_ports import input_ports, output_ports
from designer.document.layout import Slot
from designer.document.refusals import EditRefusal
from designer.document.sheet import card_of, chosen_group, on_sheet, with_room
from designer.document.state import DocState
from designer.document.verbs.arrange import lay_out
from designer.document.verbs.fragment import Fragment, cut_out, paste_as
from designer.document.verbs.groups import join
from designer.document.verbs.insert import thread_card
from designer.document.verbs.wires import rewire
from engine.graph import Edge

#: where the rows of a block's inside wrap
INSIDE = 1300.0


class BlockRefusal(EditRefusal):
    """A block that cannot be made or used."""


def add_block(
    state: DocState,
    block: Fragment,
    at: Point,
    sizes: Sizes | None = None,
    within: str | None = None,
    wires: tuple[Edge, ...] = (),
    source: Slot | None = None,
    targets: Iterable[Slot] = (),
    arrange: bool = False,
) -> DocState:
    """The block as a group with its card at ``at``: on ``wires``, behind ``source``, before ``targets``, or alone.

    ``arrange``: its inside is laid out, wires around cards; else it stands as in the block.
    """
    corner = block.corner
    after, ids = paste_as(state, block, snap(at.x - corner.x), snap(at.y - corner.y))
    after = join(after, ids.values(), within)
    key = chosen_group(after, within, ids.values())
    if key is None:
        raise BlockRefusal("this block has no group around it", "save it again from a group")
    if arrange:
        after = on_sheet(after, key, lay_out, None, {}, None, INSIDE)
    if wires:
        return thread_card(after, wires, card_of(key), sizes or {}, within)
    group = after.groups[key]
    if source is not None and (inputs := input_ports(after.graph, group)):
        after = rewire(after, [Edge(source.node, s.node, s.port, source.port) for s in inputs[0].slots])
    ends = tuple(targets)
    if ends and (outputs := output_ports(after.graph, group)):
        end = outputs[0].slots[0]
        after = rewire(after, [Edge(end.node, s.node, s.port, end.port) for s in ends])
    return with_room(after, (card_of(key),), sizes or {}, 2 * GRID, within)


def block_of(state: DocState, group: str) -> Fragment:
    """A group as a block: what it declares, and no wires from outside."""
    nesting = state.layout.nesting
    whole = cut_out(state, state.groups[group].members, nesting.parent[group])
    return replace(whole, incoming=())
