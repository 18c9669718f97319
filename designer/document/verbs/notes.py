"""Verbs on sticky notes, frames and groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from designer.document.frames import around
from designer.document.geometry import Box
from designer.document.layout import Frame, Group, Note
from designer.document.refusals import UnknownItemRefusal
from designer.document.state import DocState
from engine.graph.refusals import UnknownNodeRefusal

T = TypeVar("T")


def new_item_id(items: Mapping[str, object], stem: str) -> str:
    """The first free id of the form stem + number: t1, f1, g1."""
    k = 1
    while f"{stem}{k}" in items:
        k += 1
    return f"{stem}{k}"


def set_note(state: DocState, note_id: str, note: Note) -> DocState:
    """A new note, or other text, place or colour of one that is there."""
    return replace(state, notes={**state.notes, note_id: note}) if state.notes.get(note_id) != note else state


def remove_note(state: DocState, note_id: str) -> DocState:
    """Without the note."""
    return replace(state, notes=_without(state.notes, "note", note_id))


def set_frame(state: DocState, frame_id: str, frame: Frame) -> DocState:
    """A new frame, or other title, place or colour of one that is there."""
    if state.frames.get(frame_id) == frame:
        return state
    return state.with_layout(frames={**state.frames, frame_id: frame})


def remove_frame(state: DocState, frame_id: str) -> DocState:
    """Without the frame; what stands in it stays."""
    return state.with_layout(frames=_without(state.frames, "frame", frame_id))


def frame_around(
    state: DocState, frame_id: str, ids: tuple[str, ...], title: str, sizes: Mapping[str, tuple[float, float]]
) -> DocState:
    """A new frame around these cards, with room for its title."""
    box = around(Box(*state.position(n), *sizes[n]) for n in ids)
    return set_frame(state, frame_id, Frame(title, box)) if box is not None else state


def set_group(state: DocState, group_id: str, group: Group) -> DocState:
    """A new group or other members; every member must be there."""
    for member in group.members:
        if member not in state.graph.nodes:
            raise UnknownNodeRefusal(member)
    return state.with_layout(groups={**state.groups, group_id: group})


def remove_group(state: DocState, group_id: str) -> DocState:
    """Without the group; its nodes stay."""
    return state.with_layout(groups=_without(state.groups, "group", group_id))


def _without(items: Mapping[str, T], kind: str, key: str) -> dict[str, T]:
    if key not in items:
        raise UnknownItemRefusal(kind, key)
    return {k: v for k, v in items.items() if k != key}
