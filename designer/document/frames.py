"""What a frame holds, and how it goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from designer.document.geometry import GRID, Box, Point, Sizes
from designer.document.state import DocState

#: free space between a frame's border and what it was made around; above it, there is the title
SIDE, HEAD = 24, 48
#: the least that a frame or a note can be
LEAST_WIDTH, LEAST_HEIGHT = 96, 56


@dataclass(frozen=True)
class Contents:
    """Cards whose middle lies in a frame, and the frames and notes that lie in it wholly."""

    nodes: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def contents(state: DocState, frame_id: str, sizes: Sizes) -> Contents:
    """What moves with a frame."""
    box = state.frames[frame_id].box
    nodes = []
    for n in state.graph.nodes:
        (x, y), (width, height) = state.position(n), sizes.get(n, (0.0, 0.0))
        if n in state.positions and holds(box, Box(x + width / 2, y + height / 2, 0, 0)):
            nodes.append(n)
    inner = (k for k, f in state.frames.items() if k != frame_id and holds(box, f.box) and f.box != box)
    return Contents(tuple(nodes), tuple(inner), tuple(k for k, n in state.notes.items() if holds(box, n.box)))


def holds(outer: Box, inner: Box) -> bool:
    """True where the inner box lies in the outer one."""
    return (
        outer.x <= inner.x and outer.y <= inner.y and inner.right <= outer.right and inner.bottom <= outer.bottom
    )  # fmt: skip


def around(boxes: Iterable[Box]) -> Box | None:
    """A frame's box around these, on the grid, with room for its title; None around nothing."""
    found = list(boxes)
    if not found:
        return None
    left, top = min(b.x for b in found) - SIDE, min(b.y for b in found) - HEAD
    right, bottom = max(b.right for b in found) + SIDE, max(b.bottom for b in found) + SIDE
    return Box(left, top, right - left, bottom - top)


def moved(box: Box, dx: float, dy: float) -> Box:
    """The box elsewhere."""
    return replace(box, x=box.x + dx, y=box.y + dy)


def stretched(box: Box, edges: frozenset[str], dx: float, dy: float) -> Box:
    """The box with these edges ("left", "right", "top", "bottom") moved, on the grid, never smaller than the least."""
    left, top, right, bottom = box.x, box.y, box.right, box.bottom
    if "left" in edges:
        left = min(_line(left + dx), right - LEAST_WIDTH)
    if "right" in edges:
        right = max(_line(right + dx), left + LEAST_WIDTH)
    if "top" in edges:
        top = min(_line(top + dy), bottom - LEAST_HEIGHT)
    if "bottom" in edges:
        bottom = max(_line(bottom + dy), top + LEAST_HEIGHT)
    return Box(left, top, right - left, bottom - top)


def follow_frames(before: DocState, after: DocState, sizes: Sizes) -> DocState:
    """Frames around what they held before; those whose cards did not move stay as they are. Inner ones first."""
    frames = dict(after.frames)
    for key in sorted(frames, key=lambda k: frames[k].box.width * frames[k].box.height):
        held = contents(before, key, sizes)
        if all(before.position(n) == after.position(n) for n in held.nodes):
            continue
        boxes = [Box(*after.position(n), *sizes[n]) for n in held.nodes] + [frames[k].box for k in held.frames]
        box = around(boxes)
        if box is not None:
            frames[key] = replace(frames[key], box=box)
    return after if frames == dict(after.frames) else after.with_layout(frames=frames)


def _line(value: float) -> int:
    return round(value / GRID) * GRID


def at(point: Point, width: float, height: float) -> Box:
    """A box of that size with its top left corner there."""
    return Box(point.x, point.y, width, height)
