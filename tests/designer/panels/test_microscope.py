"""The microscope shows the layer's own activation, the live histogram, and the shares that direct counting gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from designer.panels.microscope import MicroscopePanel
from designer.session.frame import Frame
from engine.declare import Spec
from engine.probes import ProbeRequest
from engine.training import Trainer
from engine.training.looking import Looker
from tests.engine.training.nets import blobs, mlp, project


@pytest.fixture
def frame() -> Frame:
    """A trained frame whose hidden layer is strongly saturated."""
    wide = Spec("normal", {"std": 3.0})
    trainer = Trainer(project(mlp((4, 30, 3), "tanh", weight_init=wide)), blobs(), backend="numpy")
    trainer.advance(0.01, 1, keep=True)
    snapshot = Looker().snapshot(trainer, ProbeRequest(frozenset({"layers", "histograms"})))
    return Frame(run=1, plan=trainer.plan, snapshot=snapshot, names={"n1": "hidden", "n2": "scores"})


def made(qtbot: Any, frame: Frame) -> MicroscopePanel:
    panel = MicroscopePanel()
    qtbot.addWidget(panel)
    panel.resize(460, 280)
    panel.show()
    panel.take(frame)
    return panel


def test_it_says_the_saturated_share_of_the_statistics(qtbot: Any, frame: Frame) -> None:
    panel = made(qtbot, frame)
    stats = frame.snapshot.layers[0]
    assert stats.saturation > 0.3
    assert panel.sentence.text().startswith(f"{stats.saturation:.1%} of z lie where it is flat")
    zones = panel.scope.flat_zones()
    assert len(zones) == 2 and zones[0][1] == pytest.approx(-np.arctanh(0.97), abs=0.2)
    assert panel.scope._counts.sum() == stats.histograms["pre-activations"].counts.sum()


def test_the_gain_previews_smaller_weights(qtbot: Any, frame: Frame) -> None:
    panel = made(qtbot, frame)
    panel.scope.show_gain(0.1)
    assert panel.scope.gain == pytest.approx(0.1)
    # N(0, 3^2 |x|^2) shrunk tenfold: what |z| > arctanh(0.97) is left of, counted over the real values' histogram.
    share = float(panel.sentence.text().split("With the gain: ")[1].split("%")[0]) / 100
    edges, counts = panel.scope._edges, panel.scope._counts
    outside = np.abs((edges[1:] + edges[:-1]) / 2 * 0.1) > np.arctanh(0.97)
    assert share == pytest.approx(counts[outside].sum() / counts.sum(), abs=0.02) and share < 0.1
    panel.scope.show_gain(1.0)
    assert "gain" not in panel.sentence.text()


def test_the_selected_layer_and_one_without_an_activation(qtbot: Any, frame: Frame) -> None:
    panel = made(qtbot, frame)
    assert panel.plot.title() == "hidden"
    panel.show_selected(["n2"])
    assert "scores has no activation" in panel.plot.empty_sentence()
    panel.show_selected(["n1"])
    assert not panel.plot.empty_sentence()


def test_before_any_step_it_says_what_to_do(qtbot: Any, frame: Frame) -> None:
    panel = made(qtbot, replace(frame, snapshot=None))
    assert "Press Run" in panel.plot.empty_sentence()


def test_reading_at_a_point(qtbot: Any, frame: Frame) -> None:
    panel = made(qtbot, frame)
    title, rows = panel.scope.hover_rows(0.5, 0.0)
    assert title == "z = 0.5"
    assert float(rows[0][2]) == pytest.approx(np.tanh(0.5), abs=2e-3)
    assert float(rows[1][2]) == pytest.approx(1 - np.tanh(0.5) ** 2, abs=2e-3)
