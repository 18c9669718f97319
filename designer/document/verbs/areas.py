"""Verbs on frames and notes by key, ("frame", id) or ("note", id): move with what they hold, resize, colour, write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from designer.document.frames import contents, moved
from designer.document.geometry import Box, Point, Sizes
from designer.document.layout import Frame, Note
from designer.document.refusals import EditRefusal, UnknownItemRefusal
from designer.document.state import DocState
from designer.document.verbs.arrange import move_nodes
from designer.document.verbs.notes import remove_frame, remove_note, set_frame, set_note

Key = tuple[str, str]
#: characters that a note and a title may have
LONGEST_NOTE, LONGEST_TITLE = 20_000, 200


class LongTextRefusal(EditRefusal):
    """A text that is longer than a note may be."""

    def __init__(self, length: int) -> None:
        super().__init__(f"a note has at most {LONGEST_NOTE} characters, this one has {length}", "make two notes of it")
        self.length = length


def area_of(state: DocState, key: Key) -> Frame | Note:
    """The frame or note; UnknownItemRefusal if there is none."""
    kind, name = key
    found: Frame | Note | None = state.frames.get(name) if kind == "frame" else state.notes.get(name)
    if found is None:
        raise UnknownItemRefusal(kind, name)
    return found


def _with_area(state: DocState, key: Key, area: Frame | Note) -> DocState:
    return set_note(state, key[1], area) if isinstance(area, Note) else set_frame(state, key[1], area)


def move_areas(
    state: DocState, keys: Iterable[Key], dx: float, dy: float, sizes: Sizes, nodes: Iterable[str] = ()
) -> DocState:
    """Frames with all that they hold, notes, and these cards, all by the same way."""
    areas, cards = moving(state, keys, sizes)
    after = state
    for key in areas:
        area = area_of(state, key)
        after = _with_area(after, key, replace(area, box=moved(area.box, dx, dy)))
    cards |= set(nodes)
    return move_nodes(after, {n: Point(state.position(n).x + dx, state.position(n).y + dy) for n in sorted(cards)})


def moving(state: DocState, keys: Iterable[Key], sizes: Sizes) -> tuple[set[Key], set[str]]:
    """(areas, cards) that move when these areas do."""
    areas, cards = set(keys), set[str]()
    for kind, name in tuple(areas):
        area_of(state, (kind, name))
        if kind == "frame":
            held = contents(state, name, sizes)
            cards |= set(held.nodes)
            areas |= {("frame", k) for k in held.frames} | {("note", k) for k in held.notes}
    return areas, cards


def resize_area(state: DocState, key: Key, box: Box) -> DocState:
    """Another place and size; what stands in a frame stays where it is."""
    return _with_area(state, key, replace(area_of(state, key), box=box))


def recolour(state: DocState, keys: Iterable[Key], colour: str) -> DocState:
    """A layer group's colour, "" for the neutral one."""
    for key in keys:
        state = _with_area(state, key, replace(area_of(state, key), colour=colour))
    return state


def retitle(state: DocState, frame_id: str, title: str) -> DocState:
    """A frame's title, in one line."""
    area = area_of(state, ("frame", frame_id))
    title = " ".join(title.split())[:LONGEST_TITLE]
    return set_frame(state, frame_id, replace(area, title=title)) if isinstance(area, Frame) else state


def write_note(state: DocState, note_id: str, text: str, height: float = 0.0) -> DocState:
    """A note's Markdown; the note grows to ``height`` if it is lower. A note without any text is removed."""
    area = area_of(state, ("note", note_id))
    if len(text) > LONGEST_NOTE:
        raise LongTextRefusal(len(text))
    if not text.strip():
        return remove_note(state, note_id)
    box = replace(area.box, height=max(area.box.height, height))
    return set_note(state, note_id, replace(area, text=text, box=box)) if isinstance(area, Note) else state


def remove_areas(state: DocState, keys: Iterable[Key]) -> DocState:
    """Without these frames and notes; what stands in a frame stays."""
    for kind, name in keys:
        state = remove_frame(state, name) if kind == "frame" else remove_note(state, name)
    return state
