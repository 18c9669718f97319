"""Verbs on groups: nodes that belong together. Groups are nested or apart, never half in each other."""

from __future__ import annotations

from collections.abc import Iterable

from designer.document.layout import Group
from designer.document.refusals import EditRefusal
from designer.document.state import DocState
from designer.document.verbs.notes import new_item_id
from engine.graph.refusals import UnknownNodeRefusal


class GroupRefusal(EditRefusal):
    """A group that cannot be."""


def group_nodes(state: DocState, ids: Iterable[str], title: str = "") -> DocState:
    """A new group of these nodes. Refused: fewer than two, an unknown node, half of another group, a group again."""
    chosen = set(ids)
    members = tuple(n for n in state.graph.nodes if n in chosen)
    for unknown in sorted(chosen - set(members)):
        raise UnknownNodeRefusal(unknown)
    if len(members) < 2:
        raise GroupRefusal("a group needs two layers or more", "select more of them")
    own = set(members)
    for other in state.groups.values():
        theirs = set(other.members)
        if theirs == own:
            raise GroupRefusal(f"these layers are the group {other.title!r} already", "select others")
        if theirs & own and not (theirs < own or own < theirs):
            raise GroupRefusal(f"some of them belong to the group {other.title!r}", "select all of it, or ungroup it")
    key = new_item_id(state.groups, "g")
    group = Group(title or f"Group {key.removeprefix('g')}", members)
    return state.with_layout(groups={**state.groups, key: group})


def ungroup(state: DocState, ids: Iterable[str]) -> DocState:
    """Without the outermost groups that lie wholly in these nodes; else without the innermost that holds them all."""
    chosen = set(ids)
    inside = [k for k, g in state.groups.items() if set(g.members) <= chosen]
    outermost = [
        k for k in inside if not any(set(state.groups[k].members) < set(state.groups[o].members) for o in inside)
    ]
    around = sorted((len(g.members), k) for k, g in state.groups.items() if chosen and chosen <= set(g.members))
    gone = outermost or [k for _, k in around[:1]]
    if not gone:
        raise GroupRefusal("there is no group here", "select the layers of a group")
    return state.with_layout(groups={k: g for k, g in state.groups.items() if k not in gone})


def path_to(state: DocState, group: str) -> tuple[str, ...]:
    """The groups around a group, outermost first, and itself."""
    own = set(state.groups[group].members)
    around = [(len(g.members), k) for k, g in state.groups.items() if own < set(g.members)]
    return (*(k for _, k in sorted(around, reverse=True)), group)
