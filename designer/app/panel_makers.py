"""How each panel of a window is made and connected. Modules with plots are imported when their panel is first seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from designer.app.templates import insert_template
from designer.panels.palette import TEMPLATE, Palette
from designer.panels.problems import ProblemList
from widgets.i18n import tr_declared

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow
    from designer.panels.live import LivePanel


def makers(window: MainWindow) -> dict[str, Callable[[], QWidget]]:
    """A function for each panel."""
    document = window.document
    store, selection, analyst = document.store, document.selection, document.analyst
    feeder = document.bridge.feeder

    def live(panel: LivePanel) -> LivePanel:
        feeder.attach(panel)
        clicked = getattr(panel, "layer_clicked", None)
        if clicked is not None:
            clicked.connect(window.canvas.reveal)
        follow = getattr(panel, "show_selected", None)
        if follow is not None:
            selection.changed.connect(lambda: follow(selection.nodes))
        return panel

    def palette() -> QWidget:
        panel = Palette()
        panel.add_wanted.connect(add)
        return panel

    def add(what: str) -> None:
        window.show_canvas()
        if what.startswith(TEMPLATE):
            insert_template(window, what.removeprefix(TEMPLATE))
        else:
            window.canvas.add_layer(what)

    def problems() -> QWidget:
        panel = ProblemList()
        panel.jump_wanted.connect(window.canvas.reveal)
        panel.fix_wanted.connect(lambda p, f: apply(p, f))
        analyst.changed.connect(panel.show_analysis)
        panel.show_analysis(analyst.analysis)
        return panel

    def apply(problem: object, fix: object) -> None:
        from designer.document.verbs.fixes import apply_fix

        sizes = window.canvas.scene_.sizes()
        store.attempt(tr_declared(fix.label), apply_fix, problem.node, problem.port, fix, sizes)  # type: ignore[attr-defined]

    def curves() -> QWidget:
        from designer.panels.curves import CurvesPanel

        return live(CurvesPanel())

    def profile() -> QWidget:
        from designer.panels.profile import ProfilePanel

        return live(ProfilePanel(document.foresight))

    def waterfall() -> QWidget:
        from designer.panels.waterfall import WaterfallPanel

        return live(WaterfallPanel())

    def autopsy() -> QWidget:
        from designer.panels.autopsy import AutopsyPanel

        return live(AutopsyPanel())

    def doctor() -> QWidget:
        from designer.panels.doctor import DoctorPanel

        panel = DoctorPanel(store, document.bridge, document.examinations, document.trial)
        panel.layer_clicked.connect(window.canvas.reveal)
        panel.layers_wanted.connect(selection.show)
        panel.why_wanted.connect(lambda: window.show_panel("autopsy"))
        return panel

    def histograms() -> QWidget:
        from designer.panels.histograms import HistogramsPanel

        return live(HistogramsPanel())

    def maps() -> QWidget:
        from designer.panels.maps import MapsPanel

        return live(MapsPanel(feeder))

    def answers() -> QWidget:
        from designer.panels.answers import AnswersPanel

        panel = AnswersPanel()
        panel.evaluation_wanted.connect(document.bridge.evaluate)
        panel.sample_chosen.connect(lambda split, index: setattr(feeder, "sample", (split, index)))
        return live(panel)

    def boundary() -> QWidget:
        from designer.panels.boundary import BoundaryPanel

        return live(BoundaryPanel())

    def data() -> QWidget:
        from designer.panels.data_panel import DataPanel

        return DataPanel(document.loader)

    def outline() -> QWidget:
        from designer.panels.outline import Outline

        panel = Outline(store, selection, analyst)
        panel.reveal_wanted.connect(window.canvas.reveal)
        return panel

    def history() -> QWidget:
        from designer.panels.history import History

        return History(store.undo_stack)

    def checks() -> QWidget:
        from designer.app.check_basis import basis_of
        from designer.panels.checks import ChecksPanel

        return ChecksPanel(lambda use: basis_of(document, use))

    return {
        "palette": palette,
        "inspector": window.make_inspector,
        "problems": problems,
        "curves": curves,
        "profile": profile,
        "waterfall": waterfall,
        "autopsy": autopsy,
        "doctor": doctor,
        "histograms": histograms,
        "maps": maps,
        "answers": answers,
        "boundary": boundary,
        "data": data,
        "outline": outline,
        "history": history,
        "checks": checks,
    }
