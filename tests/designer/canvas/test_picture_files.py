"""Pictures of the drawing: on the clipboard and in files, all or the selection, with and without training."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from designer.canvas import Canvas, NodeValue, export_canvas
from designer.canvas.export import picture_mime
from designer.canvas.flow import viridis
from designer.document import Box, Note, verbs
from engine.graph import Edge
from tests.designer.canvas.test_pictures import near
from tests.designer.document.drawn import SIZES, chain
from widgets import tokens

Draw = Callable[..., Canvas]
RED = "#cc2233"


def trained(draw: Draw) -> Canvas:
    """A framed chain with a note, a live picture, a value and flow."""
    state = verbs.frame_around(chain("input", "dense", "output"), "f1", ("n1", "n2"), "Stem", SIZES)
    canvas = draw(verbs.set_note(state, "t1", Note("Why *so*", Box(0, 240, 160, 56))))
    red = QImage(24, 8, QImage.Format.Format_RGB32)
    red.fill(RED)
    canvas.overlay.show_pictures({"n2": red})
    canvas.overlay.show_values({"n2": NodeValue("1e-3", "warning", "gradient", 1e-3)})
    canvas.overlay.show_flow({Edge("n1", "n2"): (1.0, 1.0)}, "act")
    return canvas


def count(image: QImage, wanted: object) -> int:
    spots = [(x, y) for x in range(0, image.width(), 8) for y in range(0, image.height(), 8)]
    return sum(near(image.pixelColor(x, y).getRgb()[:3], wanted) for x, y in spots)  # type: ignore[arg-type]


def opened(path: Path) -> QImage:
    """A PNG or SVG as another program would show it."""
    if path.suffix == ".png":
        return QImage(str(path))
    renderer = QSvgRenderer(str(path))
    assert renderer.isValid()
    image = QImage(renderer.defaultSize() * 2, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.magenta)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    return image


def pdf_streams(path: Path) -> bytes:
    """Everything that the page says, unpacked."""
    data = path.read_bytes()
    assert data.startswith(b"%PDF-1.") and data.rstrip().endswith(b"%%EOF")
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    unpacked = b""
    for part in found:
        try:
            unpacked += zlib.decompress(part)
        except zlib.error:
            unpacked += part
    return unpacked


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_pictures_with_and_without_training_open_again(draw: Draw, tmp_path: Path, kind: str) -> None:
    canvas = trained(draw)
    given = (canvas.store.state, canvas.analyst.analysis)
    plain = opened(export_canvas(*given, tmp_path / f"a.{kind}"))
    live = opened(export_canvas(*given, tmp_path / f"b.{kind}", live=canvas.overlay))
    for color in (RED, viridis(1.0)):
        assert count(plain, color) == 0 < count(live, color)
    assert live.height() >= plain.height() and count(plain, tokens.LIGHT.canvas) > 100
    assert count(plain, Qt.GlobalColor.magenta) == 0, "a corner was not painted"


def test_a_pdf_has_one_page_of_the_drawings_size_and_live_pictures_only_when_asked(draw: Draw, tmp_path: Path) -> None:
    canvas = trained(draw)
    given = (canvas.store.state, canvas.analyst.analysis)
    sizes = {}
    for name, overlay in (("plain", None), ("live", canvas.overlay)):
        path = export_canvas(*given, tmp_path / f"{name}.pdf", live=overlay)
        data = path.read_bytes()
        box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)", data)
        assert box and data.count(b"/Type /Page\n") == 1
        sizes[name] = (float(box[1]), float(box[2]), data.count(b"/Subtype /Image"))
        assert b"BT" in pdf_streams(path), "text is drawn as outlines"
    assert sizes["plain"][2] == 0 < sizes["live"][2] and sizes["live"][1] >= sizes["plain"][1]


def words(data: bytes) -> str:
    return " ".join("".join(e.itertext()) for e in ElementTree.fromstring(data).iter() if e.tag.endswith("text"))


def test_the_selection_alone_as_pixels_and_as_svg(draw: Draw) -> None:
    canvas = trained(draw)
    given = (canvas.store.state, canvas.analyst.analysis, tokens.DARK)
    whole, part = picture_mime(*given), picture_mime(*given, None, (("n1", "n2"), ()))
    assert isinstance(part, QMimeData) and part.hasImage() and part.hasFormat("image/svg+xml")
    said, all_said = (words(m.data("image/svg+xml").data()) for m in (part, whole))
    for text in ("Input", "Dense 1", "Stem"):
        assert text in said and text in all_said
    for text in ("Output", "Why"):
        assert text not in said and text in all_said
    small, large = (QImage(m.imageData()) for m in (part, whole))
    assert small.width() < large.width() and not small.isNull()
    live = picture_mime(*given, canvas.overlay, (("n2",), ()))
    assert count(QImage(live.imageData()), RED) > 0 == count(large, RED)


def test_a_chosen_note_alone(draw: Draw) -> None:
    canvas = trained(draw)
    mime = picture_mime(canvas.store.state, canvas.analyst.analysis, tokens.LIGHT, None, ((), (("note", "t1"),)))
    assert words(mime.data("image/svg+xml").data()).split() == ["Why", "so"]


def test_a_picture_shows_collapsed_cards_and_flows_down(draw: Draw, tmp_path: Path) -> None:
    state = verbs.set_collapsed(chain("input", "dense", "output"), ("n2",), True)
    state = verbs.lay_out(state, None, SIZES, None, 900, 48, "down")
    canvas = draw(state)
    image = opened(export_canvas(state, canvas.analyst.analysis, tmp_path / "x.svg"))
    assert image.height() > image.width()
    assert "θ" not in words((tmp_path / "x.svg").read_bytes()).replace("θ 33", "")
