"""Keeps the analysis of the document's graph: inferred anew only when the graph is another object.

``analyst.analysis`` is always that of ``store.state.graph``; ``changed(analysis)`` tells. Connect to this rather than
calling ``infer`` again, so that canvas, inspector and problem list read one value.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from designer.document import DocState
from designer.session.store import Store
from engine.analysis import Analysis, infer


class Analyst(QObject):
    """Shapes, parameters and problems of what is drawn."""

    changed = Signal(object)

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.analysis: Analysis = infer(store.state.graph)
        store.changed.connect(self._follow)

    def _follow(self, old: DocState, new: DocState) -> None:
        if new.graph is not self.analysis.graph:
            self.analysis = infer(new.graph, self.analysis)
            self.changed.emit(self.analysis)
