"""Templates in the window: a new document from one, or its network beside what is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from designer.document import DocState, verbs
from designer.document.state import new_nodes
from designer.document.templates import TEMPLATES
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow

ROW_WIDTH = 1200


def template_words() -> dict[str, tuple[str, str]]:
    """Title and one line of each template, in the language in force."""
    return {t.id: (tr_declared(t.title), tr_declared(t.line)) for t in TEMPLATES.values()}


def drawn_template(window: MainWindow, name: str) -> DocState:
    """The template's document, laid out for cards of the size that they have here."""
    state = TEMPLATES[name].make()
    sizes = window.document.measure(state) or {}
    return verbs.lay_out(state, None, sizes, None, ROW_WIDTH)


def new_from_template(window: MainWindow, name: str) -> None:
    """A new document without a file."""
    state = drawn_template(window, name)
    window.desks.free().document.new(state, tr_declared(TEMPLATES[name].title))


def insert_template(window: MainWindow, name: str) -> None:
    """Below what is drawn, as one undo step; its layers are selected. Into an empty drawing with its settings."""
    window.show_canvas()
    document, canvas = window.document, window.canvas
    before = document.store.state
    text = tr("Add {title}", title=tr_declared(TEMPLATES[name].title))
    sizes = canvas.scene_.sizes(roomy=True)
    if document.store.attempt(text, verbs.add_network, drawn_template(window, name), None, sizes):
        document.selection.show(new_nodes(before, document.store.state))
        canvas.frame_all()


def template_commands(window: MainWindow) -> Iterator[Command]:
    """File > New from template, Graph > Insert template."""
    for name, (title, line) in template_words().items():
        plain = title.replace("&", "&&")
        yield Command(
            f"file.template.{name}", tr("New {title}", title=plain), lambda n=name: new_from_template(window, n),
            "file.templates", tip=line,
        )  # fmt: skip
        yield Command(
            f"graph.template.{name}", tr("Insert {title}", title=plain), lambda n=name: insert_template(window, n),
            "graph.templates", tip=line,
        )  # fmt: skip
