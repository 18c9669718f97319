"""What is painted: detail by zoom, flow ribbons, live pictures, export. Judged by pixels and geometry, not by names."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from designer.canvas import Canvas, NodeValue, export_canvas
from designer.canvas.card import short_count
from designer.canvas.curve import cross, offset, polyline, wire_path
from designer.canvas.flow import lane_of, level_of, viridis
from designer.canvas.scene import CanvasScene
from designer.document import Box, Frame, Note, verbs
from designer.document.refusals import EditRefusal
from engine.analysis import infer
from engine.graph import Edge
from tests.designer.document.drawn import chain
from widgets import tokens

Draw = Callable[..., Canvas]


def grab(canvas: Canvas) -> np.ndarray:
    """(H, W, 3) pixels of the canvas as it is shown."""
    QApplication.processEvents()
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return data[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def pixel(canvas: Canvas, picture: np.ndarray, at: QPointF) -> tuple[int, ...]:
    spot = canvas.mapFromScene(at)
    return tuple(int(v) for v in picture[spot.y(), spot.x()])


def near(color: tuple[int, ...], wanted: str | QColor, tolerance: int = 24) -> bool:
    want = QColor(wanted)
    return all(abs(a - b) <= tolerance for a, b in zip(color, (want.red(), want.green(), want.blue()), strict=True))


def test_a_card_has_its_group_edge_and_the_theme_changes_all(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    box = canvas.scene_.nodes["n2"].box()
    edge, body = QPointF(box.x() + 2, box.y() + 40), QPointF(box.right() - 6, box.y() + 8)
    picture = grab(canvas)
    assert near(pixel(canvas, picture, edge), tokens.DARK.group("dense"))
    assert near(pixel(canvas, picture, body), tokens.DARK.raised)
    tokens.apply_theme(QApplication.instance(), "light")  # type: ignore[arg-type]
    picture = grab(canvas)
    assert near(pixel(canvas, picture, edge), tokens.LIGHT.group("dense"))
    assert near(pixel(canvas, picture, body), tokens.LIGHT.raised)
    tokens.apply_theme(QApplication.instance(), "dark")  # type: ignore[arg-type]


def test_from_far_only_colour_is_left(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    canvas.zoom_to(0.3)
    canvas.centre_on(QPointF(400, 28))
    box = canvas.scene_.nodes["n2"].box()
    colors = {pixel(canvas, grab(canvas), QPointF(x, box.center().y())) for x in (box.x() + 30, box.center().x())}
    assert len(colors) == 1
    assert near(colors.pop(), tokens.blend(tokens.DARK.canvas, tokens.DARK.group("dense"), 0.85))


def test_the_selected_outline_is_the_accent(draw: Draw) -> None:
    canvas = draw("input", "dense")
    box = canvas.scene_.nodes["n2"].box()
    spot = QPointF(box.center().x(), box.top() - 1)
    assert not near(pixel(canvas, grab(canvas), spot), tokens.DARK.accent)
    canvas.selection.show(("n2",))
    assert near(pixel(canvas, grab(canvas), spot), tokens.DARK.accent, 60)


def test_each_decade_is_thinner_and_paler_and_what_vanished_is_dotted() -> None:
    lanes = [lane_of(10.0**-k * 1.5, "#ff0000", "#888888") for k in range(8)]
    assert all(a.width > b.width and a.color.alphaF() > b.color.alphaF() for a, b in pairwise(lanes))
    assert not any(lane.dotted for lane in lanes)
    gone = lane_of(9.9e-8, "#ff0000", "#888888")
    assert gone.dotted and gone.width == 1.0 and gone.text == "1e-7"
    assert lane_of(0.0, "#f00", "#888").text == "0"
    assert lane_of(math.nan, "#ff0000", "#888888").text == "NaN" and lane_of(math.inf, "#ff0000", "#888").text == "inf"


def test_the_scale_is_logarithmic_and_viridis() -> None:
    assert [level_of(10.0**k) for k in (-9, -8, -4, 0, 2)] == [0, 0, 0.5, 1, 1]
    assert level_of(0) == 0 and level_of(-1) == 0
    assert viridis(0).name() == "#440154" and viridis(1).name() == "#fde725"


def test_flow_is_painted_on_the_wire_in_its_colour(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    middle = (canvas.scene_.wires[Edge("n1", "n2")].start + canvas.scene_.wires[Edge("n1", "n2")].end) / 2
    canvas.overlay.show_flow({Edge("n1", "n2"): (1.0, 1e-4)}, "act")
    assert near(pixel(canvas, grab(canvas), middle), viridis(1.0))
    canvas.overlay.show_flow({Edge("n1", "n2"): (1.0, 1e-4)}, "both")
    picture = grab(canvas)
    assert near(pixel(canvas, picture, middle - QPointF(0, 4)), viridis(1.0))
    below = pixel(canvas, picture, middle + QPointF(0, 3))
    assert below[1] > below[0] and not near(below, viridis(1.0))
    assert canvas.scene_.wires[Edge("n1", "n2")].pen().style() == Qt.PenStyle.NoPen
    assert canvas.scene_.wires[Edge("n2", "n3")].pen().style() == Qt.PenStyle.SolidLine
    canvas.overlay.show_flow({}, "off")
    assert canvas.scene_.wires[Edge("n1", "n2")].pen().style() == Qt.PenStyle.SolidLine
    assert not near(pixel(canvas, grab(canvas), middle), viridis(1.0), 60)


def test_a_live_picture_makes_the_card_grow_and_is_painted(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    item = canvas.scene_.nodes["n2"]
    low = item.card.height
    red = QImage(24, 8, QImage.Format.Format_RGB32)
    red.fill(QColor("#cc2233"))
    canvas.overlay.show_pictures({"n2": red})
    canvas.overlay.show_values({"n2": NodeValue("1e-3", "warning", "gradient", 1e-3), "n1": ("x", "good")})
    assert item.card.height == low + 72 == 128 and canvas.scene_.nodes["n1"].card.height == 128
    centre = item.picture().center() + item.pos()
    assert near(pixel(canvas, grab(canvas), centre), "#cc2233")
    bar = QPointF(item.x() + 14, item.y() + item.card.height - 23)
    assert near(pixel(canvas, grab(canvas), bar), viridis(level_of(1e-3)), 40)
    canvas.overlay.clear()
    assert item.card.height == low
    canvas.store.apply("Delete", verbs.remove_nodes, ("n2",))
    canvas.overlay.show_pictures({"n2": red})
    grab(canvas)


def test_streaming_leaves_the_cached_card_alone(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = draw("input", "dense")
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    canvas.overlay.show_pictures({"n2": picture})
    grab(canvas)
    painted: list[str] = []
    from designer.canvas.node_item import NodeItem

    monkeypatch.setattr(NodeItem, "_paint_near", lambda self, painter: painted.append(self.node_id))
    for shade in range(5):
        picture = QImage(8, 8, QImage.Format.Format_RGB32)
        picture.fill(shade)
        canvas.overlay.show_pictures({"n2": picture})
        canvas.viewport().repaint()
        QApplication.processEvents()
    assert not painted


def test_problems_are_on_the_card_and_on_the_wire(draw: Draw) -> None:
    state = verbs.set_param(chain("input", "dense", "output"), ("n1",), "size", (1, 8, 8))
    canvas = draw(state)
    card = canvas.scene_.nodes["n2"].card
    assert card.severity == "error" and "flatten" in card.problem.lower() and "expected" in card.problem
    assert canvas.scene_.wires[Edge("n1", "n2")].state.wrong
    assert canvas.scene_.wires[Edge("n2", "n3")].labels == ()
    canvas.store.apply("x", verbs.set_param, ("n1",), "size", (8,))
    assert not canvas.scene_.nodes["n2"].card.problem and not canvas.scene_.wires[Edge("n1", "n2")].state.wrong
    assert canvas.scene_.wires[Edge("n2", "n3")].labels == ("N x 32", "32", "32")
    assert canvas.scene_.nodes["n2"].card.count == "θ 288"


def test_chips_say_what_is_set(draw: Draw) -> None:
    state = chain("input", "dense", "output")
    for name, value in (("batch_norm", "before"), ("dropout", 0.25), ("l2", 1e-4)):
        state = verbs.set_param(state, ("n2",), name, value)
    state = verbs.set_muted(verbs.set_frozen(state, ("n2",), True), ("n2",), True)
    card = draw(state).scene_.nodes["n2"].card
    assert [c.text for c in card.chips] == ["BN", "dropout 0.25", "L2 0.0001", "frozen", "muted"]
    assert card.width % 8 == 0 and card.width > 168 and card.head == 80


def test_counts_are_short() -> None:
    shown = {0: "0", 999: "999", 1000: "1.0k", 1234: "1.2k", 12_345: "12k", 999_600: "1.0M", 1_234_567: "1.2M"}
    assert {k: short_count(k) for k in shown} == shown


@pytest.mark.parametrize("end", [(300, 0), (300, 200), (40, 5), (-400, 208), (-400, 0), (-50, -300)])
def test_a_wire_begins_and_ends_at_its_ports_and_a_backward_one_keeps_off_the_cards(end: tuple[int, int]) -> None:
    start, stop = QPointF(0, 28), QPointF(end[0], end[1] + 28)
    source, target = QRectF(-176, 0, 176, 128), QRectF(end[0], end[1], 176, 128)
    path = wire_path(start, stop, source, target)
    points = polyline(path)
    assert np.allclose(points[0], (0, 28)) and np.allclose(points[-1], (stop.x(), stop.y()))
    inner = [r.adjusted(1, 1, -1, -1) for r in (source, target)]
    if not source.intersects(target):
        assert not any(r.contains(QPointF(x, y)) for r in inner for x, y in points)


def test_lanes_run_beside_the_wire() -> None:
    line = polyline(wire_path(QPointF(0, 0), QPointF(100, 0), QRectF(), QRectF()))
    assert np.allclose(offset(line, 4)[:, 1], -4) and np.allclose(offset(line, -4)[:, 1], 4)


def test_strokes_cross_or_not() -> None:
    line = polyline(wire_path(QPointF(0, 0), QPointF(200, 80), QRectF(), QRectF()))
    assert cross(line, np.array([(100.0, -50.0), (100.0, 150.0)]))
    assert not cross(line, np.array([(0.0, 60.0), (60.0, 90.0), (20.0, 140.0)]))


def test_frames_and_notes_are_painted_behind(draw: Draw) -> None:
    state = verbs.set_frame(chain("input"), "f1", Frame("stem", Box(-40, -60, 400, 220), "dense"))
    state = verbs.set_note(state, "t1", Note("**read** this", Box(240, 0, 100, 60)))
    canvas = draw(state)
    picture = grab(canvas)
    inside, outside = pixel(canvas, picture, QPointF(205, 130)), pixel(canvas, picture, QPointF(403, 221))
    assert inside != outside
    canvas.store.apply("x", verbs.remove_frame, "f1")
    assert ("frame", "f1") not in canvas.scene_.areas and ("note", "t1") in canvas.scene_.areas


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_export_writes_the_whole_drawing(qapp: QApplication, tmp_path: Path, kind: str) -> None:
    state = chain("input", "dense", "output")
    path = export_canvas(state, infer(state.graph), tmp_path / f"net.{kind}", theme="light")
    data = path.read_bytes()
    if kind == "svg":
        root = ElementTree.fromstring(data)
        words = " ".join("".join(e.itertext()) for e in root.iter() if e.tag.endswith("text"))
        assert "Dense 1" in words and "N x 2" in words and root.attrib["viewBox"]
        assert b"<image" not in data
    elif kind == "png":
        image = QImage.fromData(data)
        scene = CanvasScene(state, infer(state.graph), tokens.LIGHT)
        assert image.width() == math.ceil((scene.content().width() + 48) * 2)
        assert image.pixelColor(3, 3).name() == tokens.LIGHT.canvas.lower()
        at = scene.nodes["n2"].pos() - scene.content().topLeft() + QPointF(24 + 2, 24 + 40)
        assert near(image.pixelColor((at * 2).toPoint()).getRgb()[:3], tokens.LIGHT.group("dense"))
    else:
        assert data.startswith(b"%PDF") and len(data) > 1000


def test_export_of_an_unknown_kind_is_refused_and_an_empty_drawing_is_a_picture(qapp: object, tmp_path: Path) -> None:
    state = chain()
    with pytest.raises(EditRefusal, match="svg, png or pdf"):
        export_canvas(state, infer(state.graph), tmp_path / "net.gif")
    assert export_canvas(state, infer(state.graph), tmp_path / "net.png").stat().st_size > 100
    with pytest.raises(OSError, match="nowhere"):
        export_canvas(state, infer(state.graph), tmp_path / "nowhere" / "net.png")


def test_export_with_live_decoration(draw: Draw, tmp_path: Path) -> None:
    canvas = draw("input", "dense")
    red = QImage(24, 8, QImage.Format.Format_RGB32)
    red.fill(QColor("#cc2233"))
    canvas.overlay.show_pictures({"n2": red})
    canvas.overlay.show_flow({Edge("n1", "n2"): (1.0, 1.0)}, "act")
    state, analysis = canvas.store.state, canvas.analyst.analysis
    plain = QImage(str(export_canvas(state, analysis, tmp_path / "a.png")))
    live = QImage(str(export_canvas(state, analysis, tmp_path / "b.png", live=canvas.overlay)))

    def count(image: QImage, wanted: str | QColor) -> int:
        spots = [(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)]
        return sum(near(image.pixelColor(x, y).getRgb()[:3], wanted) for x, y in spots)

    for color in ("#cc2233", viridis(1.0)):
        assert count(plain, color) == 0 < count(live, color)


def test_legend_and_map_paint(draw: Draw) -> None:
    canvas = draw("input", "dense")
    canvas.legend.show_scale("gradient", -6, 2)
    image = QImage(canvas.legend.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    canvas.legend.render(painter, canvas.legend.rect().topLeft())
    painter.end()
    colors = {image.pixelColor(x, 26).name() for x in range(12, image.width() - 12)}
    assert len(colors) > 20
    grab(canvas)
    box = canvas.minimap.to_map().mapRect(canvas.scene_.nodes["n2"].box())
    assert QRectF(canvas.minimap.rect()).contains(box)
