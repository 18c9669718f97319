"""Sub-menus that are lists: align and distribute, settings as layers, data sources, optimizers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from designer.document.verbs import set_data_field, set_training
from designer.document.verbs.arrange import Side
from designer.inspector.registries import options
from engine.declare import Spec
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow


def more_commands(window: MainWindow) -> Iterator[Command]:
    """What fills sub-menus and the list of all commands."""
    yield from _wiring(window)
    yield from _arranging(window)
    yield from _choices(window)


def _wiring(window: MainWindow) -> Iterator[Command]:
    edits, selection = window.canvas.edits, window.document.selection

    def one() -> bool:
        return len(selection.nodes) == 1

    def two() -> bool:
        return len(window.canvas.groups.cards()) == 2

    def grouped() -> bool:
        return bool(selection.nodes and window.document.store.state.groups)

    yield Command("graph.connect", tr("C&onnect two layers"), edits.lazy_connect, "graph", ("J",), "", two, section=1,
                  local=True)  # fmt: skip
    yield Command("graph.group", tr("&Group"), window.canvas.groups.group, "graph", ("Ctrl+G",), "group",
                  lambda: len(selection.nodes) > 1, section=1, local=True)  # fmt: skip
    yield Command("graph.ungroup", tr("&Ungroup"), window.canvas.groups.ungroup, "graph", ("Ctrl+Shift+G",), "ungroup",
                  grouped, section=1, local=True)  # fmt: skip
    yield Command("graph.draw_settings", tr("Draw settings as &layers"), edits.settings_to_nodes, "graph", (), "", one,
                  section=1)  # fmt: skip
    yield Command("graph.fold_layers", tr("Fold layers into &settings"), edits.nodes_to_settings, "graph", (), "", one,
                  section=1)  # fmt: skip
    yield Command("edit.paste_wired", tr("Paste with &incoming wires"), lambda: edits.paste(with_incoming=True), "edit",
                  ("Ctrl+Shift+V",), section=1, local=True)  # fmt: skip


def _arranging(window: MainWindow) -> Iterator[Command]:
    edits = window.canvas.edits

    def several() -> bool:
        return len(window.canvas.groups.cards()) > 1

    def many() -> bool:
        return len(window.canvas.groups.cards()) > 2

    sides: dict[Side, str] = {
        "left": tr("&Left edges"),
        "centre": tr("&Centres"),
        "right": tr("&Right edges"),
        "top": tr("&Top edges"),
        "middle": tr("&Middles"),
        "bottom": tr("&Bottom edges"),
    }
    for side, title in sides.items():
        yield Command(f"graph.align.{side}", title, lambda s=side: edits.align(s), "graph.align", enabled=several)
    yield Command("graph.across", tr("Distribute &across"), lambda: edits.distribute("across"), "graph.align",
                  enabled=many, section=1)  # fmt: skip
    yield Command("graph.down", tr("Distribute &down"), lambda: edits.distribute("down"), "graph.align", enabled=many,
                  section=1)  # fmt: skip


def _choices(window: MainWindow) -> Iterator[Command]:
    store = window.document.store

    def use(source: str) -> None:
        store.attempt(tr("Choose the data"), set_data_field, "source", Spec(source))

    def optimize(optimizer: str) -> None:
        store.attempt(tr("Choose the optimizer"), set_training, "optimizer", Spec(optimizer))

    for kind in options("sources"):
        if getattr(kind, "group", "") != "file":
            yield Command(
                f"train.source.{kind.id}", tr_declared(kind.title), lambda k=kind.id: use(k), "train.source",
                checked=lambda k=kind.id: store.state.data.source.type == k,
            )  # fmt: skip
    for kind in options("optimizers"):
        yield Command(
            f"train.optimizer.{kind.id}", tr_declared(kind.title), lambda k=kind.id: optimize(k), "train.optimizer",
            checked=lambda k=kind.id: store.state.training.optimizer.type == k,
        )  # fmt: skip
