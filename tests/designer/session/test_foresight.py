"""The prediction follows the drawing: another initializer or activation moves the line before any step."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from designer.document import DocState
from designer.session import foresight as foresight_module
from designer.session.analyst import Analyst
from designer.session.data_loader import DataLoader
from designer.session.foresight import Foresight
from designer.session.store import Store
from engine.declare import Spec
from engine.graph import Project
from tests.engine.training.nets import mlp


def with_graph(state: DocState, activation: str, init: str) -> DocState:
    graph = mlp((2, 16, 16, 16, 2), activation=activation, weight_init=Spec(init))
    return DocState.of(Project(graph, state.training, state.data))


def test_the_line_moves_with_an_edit(qtbot: QtBot) -> None:
    store = Store()
    analyst, loader = Analyst(store), DataLoader(store)
    foresight = Foresight(analyst, loader)
    slopes = {}
    for activation, init in (("sigmoid", "xavier_uniform"), ("relu", "he_normal")):
        with qtbot.waitSignal(foresight.changed, timeout=20_000):
            store.apply("draw", lambda s, a=activation, i=init: with_graph(s, a, i))
        assert foresight.now is not None and foresight.now.layers == ("n1", "n2", "n3", "n4")
        layers = foresight.now.prediction.layers
        slopes[activation] = layers[0].gradient / layers[-1].gradient
    assert slopes["sigmoid"] < 0.05 < 0.2 < slopes["relu"]


def test_nothing_is_foreseen_of_a_drawing_that_cannot_run(qtbot: QtBot) -> None:
    store = Store()
    foresight = Foresight(Analyst(store), DataLoader(store))
    with qtbot.waitSignal(foresight.changed, timeout=20_000):
        store.apply("draw", lambda s: with_graph(s, "tanh", "xavier_uniform"))
    with qtbot.waitSignal(foresight.changed, timeout=20_000):
        broken = mlp((2, 4, 2)).remove_nodes(["n3"])
        store.apply("break", lambda s: replace(s, graph=broken))
    assert foresight.now is None


def test_the_samples_figures_are_made_beside_the_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of pictures in double precision would hold the window up for as long as a frame may take."""
    threads: list[int] = []
    made = foresight_module._moments
    monkeypatch.setattr(foresight_module, "_moments", lambda x: threads.append(threading.get_ident()) or made(x))
    store = Store()
    foresight = Foresight(Analyst(store), DataLoader(store))
    with qtbot.waitSignal(foresight.changed, timeout=20_000):
        store.apply("draw", lambda s: with_graph(s, "tanh", "xavier_uniform"))
    assert foresight.now is not None and threads and threading.get_ident() not in threads
