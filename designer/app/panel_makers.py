"""How each panel of a window is made and connected. Modules with plots are imported when their panel is first seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from designer.app.group_offers import offer_group
from designer.app.templates import insert_template
from designer.inspector.inspector import Inspector
from designer.panels.palette import TEMPLATE, Palette
from designer.panels.problems import ProblemList
from engine.analysis import Problem
from engine.layers import Fix
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.app.desk import Desk
    from designer.app.main_window import MainWindow
    from designer.panels.live import LivePanel


def makers(window: MainWindow, desk: Desk) -> dict[str, Callable[[], QWidget]]:
    """A function for each panel of one document: the public methods of Makers by name."""
    found = Makers(window, desk)
    return {name: getattr(found, name) for name in vars(Makers) if not name.startswith("_")}


def add_from_palette(window: MainWindow, what: str) -> None:
    """A layer or a template into the document on show."""
    window.show_canvas()
    if what.startswith(TEMPLATE):
        insert_template(window, what.removeprefix(TEMPLATE))
    else:
        window.canvas.add_layer(what)


class Makers:
    """One method per panel, called once for each document, when the panel is first seen."""

    def __init__(self, window: MainWindow, desk: Desk) -> None:
        self._window, self._desk, self._document, self._canvas = window, desk, desk.document, desk.canvas
        self._feeder = desk.document.bridge.feeder

    def _live(self, panel: LivePanel) -> LivePanel:
        selection = self._document.selection
        self._feeder.attach(panel)
        clicked = getattr(panel, "layer_clicked", None)
        if clicked is not None:
            clicked.connect(self._canvas.reveal)
        follow = getattr(panel, "show_selected", None)
        book = self._document.runs
        book.overlay_changed.connect(lambda: panel.show_runs(book.chosen))
        panel.overlays.runs = book.chosen
        if follow is not None:
            selection.changed.connect(lambda: follow(selection.nodes))
            follow(selection.nodes)
        return panel

    def _visit(self, step: int) -> None:
        """A moment of the run in every view. What trains is not stopped by a click that chooses a layer."""
        bridge = self._document.bridge
        if bridge.state.busy:
            bridge.message.emit(tr("Pause to see all views at step {step}", step=f"{step:,}"))
        else:
            self._window.status.time.slider.setValue(step)

    def _fix(self, problem: Problem, fix: Fix) -> None:
        from designer.document.verbs.fixes import apply_fix

        sizes = self._canvas.scene_.sizes()
        self._document.store.attempt(tr_declared(fix.label), apply_fix, problem.node, problem.port, fix, sizes)

    def palette(self) -> QWidget:
        """Layers and templates to drag; one for all documents."""
        panel, window = Palette(), self._window
        panel.add_wanted.connect(lambda what: add_from_palette(window, what))
        panel.search.show_hint(window.actions_.key_of_adding())
        return panel

    def inspector(self) -> QWidget:
        """Forms of what is selected, of training and data."""
        from designer.inspector.live_card import live_parts

        document, window = self._document, self._window
        panel = Inspector(document.store, document.selection, document.analyst, self._canvas.scene_.sizes)
        offer_group(panel.group, self._canvas)
        parts = live_parts(
            document.selection, self._feeder, document.examinations, lambda: window.show_panel("doctor")
        )
        panel.show_live(*parts)
        return panel

    def problems(self) -> QWidget:
        """Mistakes in the drawing."""
        panel, analyst = ProblemList(), self._document.analyst
        panel.jump_wanted.connect(self._canvas.reveal)
        panel.fix_wanted.connect(self._fix)
        analyst.changed.connect(panel.show_analysis)
        panel.show_analysis(analyst.analysis)
        return panel

    def curves(self) -> QWidget:
        """Loss and accuracy."""
        from designer.panels.curves import CurvesPanel

        return self._live(CurvesPanel())

    def profile(self) -> QWidget:
        """Gradient by layer, measured and predicted."""
        from designer.panels.profile import ProfilePanel

        return self._live(ProfilePanel(self._document.foresight, self._document.examinations))

    def waterfall(self) -> QWidget:
        """Gradient by layer and step."""
        from designer.panels.waterfall import WaterfallPanel

        panel = WaterfallPanel()
        panel.step_wanted.connect(self._visit)
        return self._live(panel)

    def autopsy(self) -> QWidget:
        """What each operation does to the gradient."""
        from designer.panels.autopsy import AutopsyPanel

        return self._live(AutopsyPanel())

    def doctor(self) -> QWidget:
        """Diagnoses with their evidence."""
        from designer.panels.doctor import DoctorPanel

        document, window = self._document, self._window
        panel = DoctorPanel(document.store, document.bridge, document.examinations, document.trial)
        panel.layer_clicked.connect(self._canvas.reveal)
        panel.layers_wanted.connect(document.selection.show)
        panel.why_wanted.connect(window.show_panel)
        return panel

    def runs(self) -> QWidget:
        """Past trainings of the document."""
        from designer.panels.runs import RunsPanel

        return RunsPanel(self._document.store, self._document.runs)

    def ledger(self) -> QWidget:
        """Dead units, and when they died."""
        from designer.panels.ledger import LedgerPanel

        panel = LedgerPanel(self._document.store, self._document.examinations)
        panel.layer_clicked.connect(self._canvas.reveal)
        return panel

    def measurements(self) -> QWidget:
        """What costs too much for every step: on demand or on a schedule."""
        from designer.panels.measurements import MeasurementsPanel

        made = self._desk.measurements
        panel, selection = MeasurementsPanel(made), self._document.selection
        panel.layer_clicked.connect(self._canvas.reveal)
        panel.destroyed.connect(made.stop)
        selection.changed.connect(lambda: panel.show_selected(selection.nodes))
        panel.show_selected(selection.nodes)
        return panel

    def compare(self) -> QWidget:
        """What differs from another network."""
        from designer.app.compare_flow import CompareFlow
        from designer.panels.compare import ComparePanel

        panel = ComparePanel()
        CompareFlow(self._window, self._desk, panel)
        return panel

    def histograms(self) -> QWidget:
        """One layer's values over time."""
        from designer.panels.histograms import HistogramsPanel

        return self._live(HistogramsPanel())

    def microscope(self) -> QWidget:
        """One layer's activation over what enters it."""
        from designer.panels.microscope import MicroscopePanel

        return self._live(MicroscopePanel())

    def maps(self) -> QWidget:
        """Kernels and feature maps."""
        from designer.panels.maps import MapsPanel

        return self._live(MapsPanel(self._feeder))

    def answers(self) -> QWidget:
        """What the network says to held-out samples."""
        from designer.panels.answers import AnswersPanel

        panel, feeder = AnswersPanel(), self._feeder
        panel.evaluation_wanted.connect(self._document.bridge.evaluate)
        panel.sample_chosen.connect(lambda split, index: setattr(feeder, "sample", (split, index)))
        return self._live(panel)

    def boundary(self) -> QWidget:
        """The answer over the plane."""
        from designer.panels.boundary import BoundaryPanel

        return self._live(BoundaryPanel())

    def data(self) -> QWidget:
        """Samples and class counts."""
        from designer.panels.data_panel import DataPanel

        return DataPanel(self._document.loader)

    def table(self) -> QWidget:
        """Layers with shapes and costs."""
        from designer.panels.layer_table import LayerTable

        document = self._document
        panel = LayerTable(document.selection, document.analyst)
        panel.reveal_wanted.connect(self._canvas.reveal)
        return panel

    def code(self) -> QWidget:
        """The network as PyTorch or Keras text."""
        from designer.panels.code import CodePanel

        document = self._document
        return CodePanel(document.store, document.selection, document.analyst)

    def outline(self) -> QWidget:
        """The drawing as a list."""
        from designer.panels.outline import Outline

        document = self._document
        panel = Outline(document.store, document.selection, document.analyst)
        panel.reveal_wanted.connect(self._canvas.reveal)
        return panel

    def history(self) -> QWidget:
        """Undo steps."""
        from designer.panels.history import History

        return History(self._document.store.undo_stack)

    def checks(self) -> QWidget:
        """Gradient check and sanity trio."""
        from designer.app.check_basis import basis_of
        from designer.panels.checks import ChecksPanel

        document = self._document
        panel = ChecksPanel(lambda use: basis_of(document, use))
        panel.checked.connect(document.runs.note_check)
        return panel
