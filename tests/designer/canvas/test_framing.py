"""What was framed stays framed until a person moves the view; the map shows only while something is out of sight."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.app.file_flow import SAMPLES
from designer.canvas import Canvas
from designer.canvas.scene import CanvasScene
from designer.document import DocState
from designer.document.geometry import Box
from engine.analysis import infer
from engine.files.project_file import read
from tests.designer.canvas.conftest import NONE, Hand
from widgets import tokens

Draw = Callable[..., Canvas]


def all_seen(canvas: Canvas) -> bool:
    return canvas.visible_rect().contains(canvas.scene_.content())


def wheel(canvas: Canvas, at: tuple[float, float], steps: int) -> None:
    event = QWheelEvent(
        QPointF(*at), canvas.mapToGlobal(QPointF(*at)), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
        NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas.viewport(), event)


@pytest.mark.parametrize("size", [(700, 300), (420, 260), (1600, 900)])
def test_another_size_of_the_view_frames_anew(draw: Draw, size: tuple[int, int]) -> None:
    canvas = draw("input", *["dense"] * 5, "output")
    canvas.frame_all()
    canvas.resize(*size)
    assert all_seen(canvas) and not canvas.minimap.isVisible()


def test_cards_that_grow_a_picture_stay_in_sight(draw: Draw, qtbot: QtBot) -> None:
    canvas = draw("input", *["dense"] * 5, "output")
    canvas.resize(2100, 110)
    canvas.frame_all()
    before = canvas.zoom
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    canvas.overlay.show_pictures({n: picture for n in canvas.scene_.nodes})
    qtbot.waitUntil(lambda: canvas.zoom < before)
    assert all_seen(canvas)


def test_a_view_that_a_person_moved_is_theirs(draw: Draw, qtbot: QtBot) -> None:
    canvas = draw("input", *["dense"] * 5, "output")
    canvas.frame_all()
    wheel(canvas, (200, 200), 4)
    zoom = canvas.zoom
    canvas.resize(900, 500)
    canvas.overlay.show_pictures({"n1": QImage(8, 8, QImage.Format.Format_RGB32)})
    qtbot.wait(30)
    assert canvas.zoom == zoom and canvas.minimap.isVisible()
    Hand(canvas).key(Qt.Key.Key_Home)
    canvas.resize(800, 400)
    assert all_seen(canvas) and not canvas.minimap.isVisible()


def test_the_legend_gets_a_strip_of_its_own(draw: Draw, qtbot: QtBot) -> None:
    canvas = draw("input", *["dense"] * 2, "output")
    canvas.resize(900, 220)
    canvas.frame_all()
    canvas.legend.show_scale("gradient")
    qtbot.waitUntil(lambda: canvas.mapFromScene(canvas.scene_.content()).boundingRect().bottom() < canvas.legend.y())


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda p: p.stem)
def test_no_card_of_a_sample_covers_another_when_all_have_pictures(path: object, qapp: QApplication) -> None:
    state = DocState.of(read(path).project)  # type: ignore[arg-type]
    scene = CanvasScene(state, infer(state.graph), tokens.theme())
    scene.show_pictured(state.graph.nodes)
    boxes = [Box(*state.position(n), i.card.width, i.card.height) for n, i in scene.nodes.items()]
    assert not [1 for k, a in enumerate(boxes) for b in boxes[k + 1 :] if a.overlaps(b, 8)]
