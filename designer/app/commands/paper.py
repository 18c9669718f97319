"""What is drawn around the layers, and how: frames, notes, collapsed cards, directions, places, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from designer.canvas.annotations import colours
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def paper_commands(window: MainWindow) -> Iterator[Command]:
    """Commands of the Edit, View and Graph menus that are about the drawing rather than the network."""
    yield from _annotating(window)
    yield from _looking(window)
    yield from _picturing(window)


def _annotating(window: MainWindow) -> Iterator[Command]:
    canvas, selection = window.canvas, window.document.selection
    notes, store = canvas.annotations, window.document.store

    def areas() -> bool:
        return bool(selection.areas)

    def framed() -> bool:
        return any(kind == "frame" for kind, _ in selection.areas)

    yield Command("graph.frame", tr("F&rame the selection"), notes.add_frame, "graph", ("Ctrl+J",), "square", section=3,
                  tip=tr("A titled area around the selected layers, or an empty one"), local=True)  # fmt: skip
    yield Command("graph.note", tr("Sticky &note"), notes.add_note, "graph", ("Shift+N",), "message-square", section=3,
                  tip=tr("A note in Markdown"), local=True)  # fmt: skip
    yield Command("graph.frame_contents", tr("Select what the frame &holds"), notes.select_contents, "graph",
                  enabled=framed, section=3)  # fmt: skip
    for colour, title in colours().items():
        yield Command(
            f"graph.colour.{colour or 'neutral'}", title, lambda c=colour: notes.recolour(c), "graph.colour",
            enabled=areas, checked=lambda c=colour: _coloured(window, c),
        )  # fmt: skip
    yield Command("graph.collapse", tr("C&ollapse or open"), canvas.edits.toggle_collapsed, "graph", ("H",), "shrink",
                  lambda: bool(selection.nodes), section=1, tip=tr("Show only the title of the selected layers"),
                  local=True)  # fmt: skip
    for direction, title in (("right", tr("Auto layout left to ri&ght")), ("down", tr("Auto layout top to &bottom"))):
        yield Command(
            f"graph.layout.{direction}", title, lambda d=direction: canvas.auto_layout(d), "graph",
            enabled=lambda: bool(store.state.graph.nodes),
            checked=lambda d=direction: store.state.layout.direction == d,
        )  # fmt: skip


def _coloured(window: MainWindow, colour: str) -> bool:
    state, areas = window.document.store.state, window.document.selection.areas
    found = [(state.frames if kind == "frame" else state.notes).get(key) for kind, key in areas]
    return bool(found) and all(area is not None and area.colour == colour for area in found)


def _looking(window: MainWindow) -> Iterator[Command]:
    visits = window.canvas.visits
    yield Command("view.back", tr("&Back to the last place"), visits.back, "view", ("Alt+Left",), "chevron-left",
                  lambda: visits.can_go(-1), local=True)  # fmt: skip
    yield Command("view.forward", tr("&Forward to the next place"), visits.forward, "view", ("Alt+Right",),
                  "chevron-right", lambda: visits.can_go(1), local=True)  # fmt: skip


def _picturing(window: MainWindow) -> Iterator[Command]:
    from designer.app.exports import copy_picture

    settings = window.settings
    yield Command(
        "edit.copy_picture", tr("Copy as p&icture"), lambda: copy_picture(window), "edit", ("Ctrl+Alt+C",), "image",
        lambda: bool(window.document.store.state.graph.nodes), section=1, local=True,
        tip=tr("The selected layers, or all, as a picture for other programs"),
    )  # fmt: skip

    def toggle() -> None:
        settings.live_pictures = not settings.live_pictures

    yield Command(
        "file.export_live", tr("Pictures show the &training"), toggle, "file", checked=lambda: settings.live_pictures,
        tip=tr("Exported and copied pictures show live figures, pictures and flow"), section=3,
    )  # fmt: skip
