"""Groups and blocks: open, leave, repeat, keep as a block, insert one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from designer.canvas.blocks import entries, entry, save_block
from designer.canvas.repeat_box import open_repeat
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def group_commands(window: MainWindow) -> Iterator[Command]:
    """Graph > group commands, Graph > Insert block."""
    canvas, selection = window.canvas, window.document.selection

    def one() -> bool:
        return canvas.groups.chosen() is not None

    def inside() -> bool:
        return canvas.groups.entered is not None

    def nodes() -> bool:
        return bool(selection.nodes)

    yield Command("graph.open_group", tr("&Open the group"), canvas.groups.open_chosen, "graph", (), "", one,
                  section=1, tip=tr("Open the group (Enter)"))  # fmt: skip
    yield Command("graph.leave_group", tr("&Leave the group"), canvas.groups.leave, "graph", (), "", inside, section=1)
    yield Command("graph.repeat", tr("&Repeat…"), lambda: open_repeat(canvas), "graph", ("Ctrl+R",), "", nodes,
                  section=1, local=True)  # fmt: skip
    yield Command("graph.save_block", tr("Save as &block…"), lambda: save_block(canvas), "graph", (), "", one,
                  section=1)  # fmt: skip
    for block in entries():
        plain = block.title.replace("&", "&&")
        yield Command(
            f"graph.{block.id}", tr("Insert {title}", title=plain), lambda b=block.id: insert(window, b),
            "graph.blocks", tip=block.line, enabled=lambda b=block.id: entry(b) is not None,
        )  # fmt: skip


def insert(window: MainWindow, block: str) -> None:
    """Beside what is selected and wired to it, or in the middle of the view."""
    window.show_canvas()
    window.canvas.add_layer(block)
