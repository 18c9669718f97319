"""View: zoom, panels, theme, language, size of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designer.app.actions import Command
from widgets import tokens
from widgets.i18n import LANGUAGES, tr

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow
    from designer.document.costs import Measure


def view_commands(window: MainWindow) -> Iterator[Command]:
    """The View menu and its sub-menus (ids "view.theme", "view.language", "view.size", "view.panels")."""
    canvas, looks = window.canvas, window.looks

    def zoom(factor: float) -> None:
        canvas.zoom_to(canvas.zoom * factor)

    def show_heat(measure: Measure | None) -> None:
        if window.desk.shows_answers:
            window.desk.answers.leave()
        canvas.insight.show_heat(measure)

    yield Command("view.all", tr("Zoom to &everything"), canvas.frame_all, "view", ("Home",), "maximize", local=True)
    yield Command(
        "view.selection", tr("Zoom to &selection"), canvas.frame_selection, "view", ("F",), "focus", local=True
    )
    yield Command("view.actual", tr("&100 %"), lambda: canvas.zoom_to(1.0), "view", ("Ctrl+0",), local=True)
    yield Command("view.in", tr("Zoom &in"), lambda: zoom(1.2), "view", ("Ctrl++", "Ctrl+="), "plus", local=True)
    yield Command("view.out", tr("Zoom &out"), lambda: zoom(1 / 1.2), "view", ("Ctrl+-",), "minus", local=True)
    yield Command(
        "view.maximize", tr("&Maximise the panel"), window.panels.toggle_maximized, "view", ("Ctrl+Shift+M",),
        "maximize-2", section=1,
    )  # fmt: skip
    yield Command("view.reset", tr("&Reset layout"), window.reset_layout, "view", (), "layout", section=1)
    heats = {None: tr("&Off"), "macs": tr("&Multiply-adds"), "parameters": tr("&Parameters"), "bytes": tr("M&emory")}
    for measure, title in heats.items():
        yield Command(
            f"view.heat.{measure or 'off'}", title, lambda m=measure: show_heat(m), "view.heat",
            checked=lambda m=measure: canvas.insight.heat == m and not (window.desk.shows_answers and m is None),
            tip=tr("Tint each layer by what it costs"),
        )  # fmt: skip
    yield Command(
        "view.answers", tr("Where the ans&wer appears"), lambda: window.desk.answers.switch(), "view", (), "target",
        checked=lambda: window.desk.shows_answers, section=1,
        tip=tr("Below each card: how well a linear read-out of it alone answers, and its effective rank"),
    )  # fmt: skip
    yield Command("view.table", tr("&Table of layers"), lambda: window.show_panel("table"), "view", ("Ctrl+Shift+T",),
                  "table", section=1)  # fmt: skip
    yield Command("view.code", tr("Pro&gram text"), lambda: window.show_panel("code"), "view", ("Ctrl+Shift+K",),
                  "code", section=1)  # fmt: skip
    names = {"system": tr("As the &system"), "light": tr("&Light"), "dark": tr("&Dark")}
    for mode, title in names.items():
        yield Command(
            f"view.theme.{mode}", title, lambda m=mode: looks.choose_theme(m), "view.theme",
            checked=lambda m=mode: tokens.mode() == m,
        )  # fmt: skip
    for code, title in {"system": tr("As the &system"), **LANGUAGES}.items():
        yield Command(
            f"view.language.{code}", title, lambda c=code: looks.choose_language(c), "view.language",
            checked=lambda c=code: looks.settings.language == c,
        )  # fmt: skip
    yield Command("view.larger", tr("&Larger"), lambda: looks.scale_text(0.1), "view.size", ("Ctrl+Shift++",))
    yield Command("view.smaller", tr("&Smaller"), lambda: looks.scale_text(-0.1), "view.size", ("Ctrl+Shift+-",))
    yield Command("view.normal", tr("&Normal"), lambda: looks.scale_text(0.0), "view.size")
    yield Command(
        "view.motion", tr("Reduce &motion"), looks.toggle_motion, "view",
        checked=lambda: looks.settings.reduce_motion, section=4,
    )  # fmt: skip
