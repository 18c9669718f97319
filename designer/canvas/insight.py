"""What the canvas knows of networks beyond the drawing: cost as heat, and what the selected layer sees of the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.canvas.heat import NO_HEAT, Heat, heat_of
from designer.document.costs import Measure
from designer.document.receptive import receptive_fields

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class Insight:
    """Hands the overlay what to paint, after each edit and each change of the selection."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.heat: Measure | None = None
        #: figures of the training at the cards instead, None where nobody wants them
        self.figures: Heat | None = None
        self._known = canvas.analyst.analysis

    def show_heat(self, measure: Measure | None) -> None:
        """Cards tinted by multiply-adds, parameters or memory; None: as usual."""
        self.heat, self.figures = measure, None
        self.refresh()

    def show_figures(self, figures: Heat | None) -> None:
        """What the training says of each card, in place of what it costs."""
        self.heat, self.figures = None, figures
        self.refresh()

    def refresh(self) -> None:
        """What an edit changed, heat of the analysis as it is, and the field of the one layer that is selected."""
        canvas, analysis = self.canvas, self.canvas.analyst.analysis
        before, self._known = self._known, analysis
        if before is not analysis:
            canvas.overlay.flash.show(before, analysis)
        cost = heat_of(analysis, self.heat, canvas.groups.shown()) if self.heat is not None else NO_HEAT
        canvas.overlay.show_heat(cost if self.figures is None else self.figures)
        chosen = canvas.selection.nodes
        fields = receptive_fields(analysis, chosen[0]) if len(chosen) == 1 else ()
        field = next((f for f in fields if not f.whole), None)
        strip = canvas.overlay.pictures.get(field.source) if field is not None else None
        canvas.corners.plate.show_field(field, strip)
