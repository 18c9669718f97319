"""The flow's lanes, the alarm's border, the update thermometer, and the words under the mouse."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF

from designer.app.canvas_figures import edge_flow, layer_values
from designer.canvas import Canvas, NodeValue
from designer.canvas.flow import viridis
from designer.canvas.hover import flow_lines, tip_at
from designer.canvas.thermometer import height_of, update_tone
from engine.graph import Edge
from engine.probes import ProbeRequest, Snapshot
from engine.training import Trainer
from engine.training.looking import Looker
from tests.designer.canvas.test_pictures import grab, near, pixel
from tests.engine.training.nets import blobs, mlp, project
from widgets import tokens

Draw = Callable[..., Canvas]
WIRE = Edge("n1", "n2")


def test_a_gradient_that_is_not_computed_is_no_zero(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    wire = canvas.scene_.wires[WIRE]
    middle = (wire.start + wire.end) / 2
    canvas.overlay.show_flow({WIRE: (1.0, None)}, "grad")
    assert near(pixel(canvas, grab(canvas), middle), tokens.DARK.outline, 60)
    assert "not computed" in "\n".join(flow_lines((1.0, None)))


def test_hover_reads_both_magnitudes_with_their_decade(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    canvas.overlay.show_flow({WIRE: (0.5, 2e-5)}, "both")
    wire = canvas.scene_.wires[WIRE]
    text, _ = tip_at(canvas, canvas.mapFromScene((wire.start + wire.end) / 2))
    assert "RMS(a) = 0.5 (10^-0.3)" in text and "RMS(dL/da) = 2e-05 (10^-4.7)" in text
    assert flow_lines((0.0, 0.0))[1].endswith("= 0")


def test_activations_lie_above_on_a_wire_that_leads_back(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    wire = canvas.scene_.wires[Edge("n2", "n3")]
    canvas.scene_.nodes["n3"].setPos(QPointF(0, 400))
    canvas.centre_on(QPointF(250, 250))
    assert wire.end.x() < wire.start.x()
    canvas.overlay.show_flow({Edge("n2", "n3"): (1.0, 1e-3)}, "both")
    middle = wire.path().pointAtPercent(0.5)
    picture = grab(canvas)
    assert near(pixel(canvas, picture, middle - QPointF(0, 4)), viridis(1.0))
    assert not near(pixel(canvas, picture, middle + QPointF(0, 4)), viridis(1.0))


def test_the_border_tells_the_alarm_whether_or_not_flow_is_shown(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    canvas.overlay.show_values({"n2": NodeValue("1e-1", "good", "gradient", 1e-1, -3.0)})
    box = canvas.scene_.nodes["n2"].box()
    edge = QPointF(box.right() - 0.75, box.top() + 40)
    assert not near(pixel(canvas, grab(canvas), edge), tokens.DARK.error, 60)
    canvas.overlay.show_values({"n2": NodeValue("1e-9", "error", "gradient", 1e-9, -5.0, "error", "why")})
    assert near(pixel(canvas, grab(canvas), edge), tokens.DARK.error, 60)
    canvas.overlay.show_flow({WIRE: (1.0, 1e-9)}, "grad")
    assert near(pixel(canvas, grab(canvas), edge), tokens.DARK.error, 60)
    text, _ = tip_at(canvas, canvas.mapFromScene(box.center()))
    assert text.endswith("\n\nwhy")


def test_the_thermometers_band_and_ends() -> None:
    assert [update_tone(d) for d in (-5.0, -4.0, -3.0, -2.0, -1.0, 0.5, math.nan, -math.inf)] == [
        "warning", "good", "good", "good", "warning", "error", "error", "warning",
    ]  # fmt: skip
    assert [height_of(d) for d in (-9.0, -6.0, -3.0, 0.0, 2.0, math.nan, -math.inf)] == [0, 0, 0.5, 1, 1, 1, 0]


def test_the_thermometers_mark_is_painted_where_the_update_stands(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    item = canvas.scene_.nodes["n2"]
    canvas.overlay.show_values({"n2": NodeValue("1", "good", "gradient", 1.0, -6.0)})
    low = QPointF(item.x() + item.card.width - 5.5, item.y() + item.card.height - 29)
    assert near(pixel(canvas, grab(canvas), low), tokens.DARK.warning, 60)


@pytest.fixture
def snapshot() -> tuple[Snapshot, Trainer]:
    trainer = Trainer(project(mlp((4, 6, 3))), blobs(), backend="numpy")
    trainer.advance(0.01, 1, keep=True)
    return Looker().snapshot(trainer, ProbeRequest(frozenset({"layers"}))), trainer


def test_figures_of_cards_and_wires_are_those_of_the_snapshot(snapshot: tuple[Snapshot, Trainer]) -> None:
    seen, trainer = snapshot
    graph = trainer.project.graph
    values = layer_values(seen, graph)
    first = seen.layers[0]
    assert 10 ** values["n1"].update == pytest.approx(first.update_ratio)
    assert values["n1"].text == f"{first.weight_grad_norm:.1e}" and values["n1"].alarm == ""
    assert f"RMS(dL/dz) = {first.delta_rms:.3g}" in values["n1"].tip
    flow = edge_flow(seen, graph)
    assert flow[Edge("n0", "n1")][1] is None and flow[Edge("n1", "n2")] == seen.flow["n1"]
    assert set(flow) == set(graph.edges), "also behind a fused softmax"
    still = layer_values(replace(seen, layers=(replace(first, update_ratio=math.nan),)), graph)
    assert still["n1"].update is None and "update" not in still["n1"].tip
