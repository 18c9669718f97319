"""What a check works on: the drawing as it stands, its data, and the weights of the training if they fit."""

from __future__ import annotations

from collections.abc import Callable

from designer.app.documents import Document
from designer.panels.checks import Basis
from widgets.i18n import tr


def basis_of(document: Document, use: Callable[[Basis | str], None]) -> None:
    """``use`` gets the basis once the worker has copied its weights, or the reason why there is none yet."""
    problems = document.analyst.analysis.errors
    dataset = document.loader.dataset
    if problems or not document.store.state.graph.nodes:
        use(problems[0].text if problems else tr("Draw a network first."))
    elif dataset is None:
        use(document.loader.problem or tr("The data are still loading."))
    else:
        project = document.store.state.project()
        session = document.bridge.session
        if session is None or document.bridge.stale or not session.alive:
            use(Basis(project, dataset))
        else:
            document.bridge.when(session.weights(), lambda weights: use(Basis(project, dataset, weights)))
