from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from designer.document import Point
from designer.document.verbs.nodes import add_node
from designer.inspector.inspector import Inspector
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from engine.declare import Spec
from engine.graph import Edge


@pytest.fixture
def desk(qtbot: Any) -> Any:
    """A small network (in -> a -> b -> out) and an inspector on it."""
    store = Store()
    store.apply("in", add_node, "in", "input", Point(0, 0))
    store.apply(
        "a", add_node, "a", "dense", Point(200, 0), (Edge("in", "a"),), {"units": 4, "activation": Spec("sigmoid")}
    )
    store.apply("b", add_node, "b", "dense", Point(400, 0), (Edge("a", "b"),), {"units": 1})
    store.apply("out", add_node, "out", "output", Point(600, 0), (Edge("b", "out"),))
    store.undo_stack.clear()
    selection, analyst = Selection(store), Analyst(store)
    inspector = Inspector(store, selection, analyst)
    qtbot.addWidget(inspector)
    inspector.resize(300, 800)
    inspector.show()
    return SimpleNamespace(store=store, selection=selection, analyst=analyst, inspector=inspector)
