"""The frame of all plots: empty sentence, help, export, theme."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from tests.widgets.conftest import LEFT, near
from widgets import tokens
from widgets.curve import CurvePlot, Line
from widgets.export import csv_text
from widgets.readout import Readout
from widgets.tokens import LIGHT, theme

X = np.arange(50.0)


@pytest.fixture
def plot(shown) -> CurvePlot:
    plot = shown(CurvePlot("Loss", "What it shows. What is normal.", x_label="epoch"))
    plot.show_curves({"train": Line(X, np.linspace(1, 0.1, 50)), "validation": Line(X, X * 0 + 0.5, "validation")})
    QApplication.processEvents()
    return plot


def test_an_empty_plot_says_what_to_do(shown):
    plot = shown(CurvePlot("Loss"))
    assert "Press Run" in plot.empty_sentence() and plot._empty.isVisible() and not plot.plot.isVisible()
    plot.show_curves({"a": (X, X)})
    assert plot.empty_sentence() == "" and plot.plot.isVisible()
    plot.show_empty("Choose data first.")
    assert plot.empty_sentence() == "Choose data first." and not plot.plot.isVisible()


def test_help_stands_behind_the_question_mark(plot):
    assert "What is normal." in plot._help.toolTip()


def test_the_question_mark_stands_at_the_right_even_alone(shown):
    plot = shown(CurvePlot("Loss", "What it shows. What is normal."))
    plot.take_head_back(titled=False)
    QApplication.processEvents()
    assert plot.empty_sentence() and plot.head.width() - plot._help.geometry().right() < 3 * tokens.SPACE_4


def test_png_has_the_size_and_the_colours(plot, tmp_path):
    plot.export_png(tmp_path / "a.png", scale=2.0)
    image = QImage(str(tmp_path / "a.png"))
    assert (image.width(), image.height()) == (840, 560)
    assert image.pixelColor(4, 300).name().upper() == theme().panel
    origin = plot.plot.mapTo(plot, QPoint(0, 0))
    place = (plot.pixel_of(25, 0.5) + QPointF(origin)) * 2
    assert near(image, place, theme().accent, radius=6, tolerance=12)
    assert plot._more.isVisible() and plot._help.isVisible(), "buttons come back after the export"


def test_svg_holds_lines_and_text(plot, tmp_path):
    plot.export_svg(tmp_path / "a.svg")
    root = ET.parse(tmp_path / "a.svg").getroot()
    texts = {"".join(e.itertext()).strip() for e in root.iter() if e.tag.endswith("text")}
    assert {"Loss", "epoch", "train", "validation"} <= texts
    lines = [e for e in root.iter() if e.tag.endswith("polyline")]
    assert max(len(e.get("points", "").split()) for e in lines) >= 50
    assert root.get("viewBox") == "0 0 420 280"


def test_csv_gives_the_same_numbers_back(plot, tmp_path):
    plot.export_csv(tmp_path / "a.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8"))))
    assert list(rows[0]) == ["curve", "epoch", "value"]
    train = [float(r["value"]) for r in rows if r["curve"] == "train"]
    assert train == np.linspace(1, 0.1, 50).tolist()


def test_csv_of_numpy_numbers_is_exact(rng):
    values = rng.normal(size=200) * 10.0 ** rng.integers(-30, 30, 200)
    text = csv_text((("v", "name"), ((v, "a, b") for v in values)))
    read = list(csv.reader(io.StringIO(text)))[1:]
    assert [float(r[0]) for r in read] == values.tolist() and read[0][1] == "a, b"


def test_copy_puts_picture_and_data_on_the_clipboard(plot):
    plot.copy_data()
    assert QGuiApplication.clipboard().text().startswith("curve,epoch,value\n")
    plot.copy_image()
    assert QGuiApplication.clipboard().image().width() == 840


def test_a_path_that_cannot_be_written_is_an_error(plot, tmp_path):
    with pytest.raises(OSError, match="cannot write"):
        plot.export_png(tmp_path / "no folder" / "a.png")
    with pytest.raises(OSError, match="no folder"):
        plot.export_svg(tmp_path / "no folder" / "a.svg")


def test_right_click_on_the_plot_opens_our_menu(plot):
    viewport = plot.plot.viewport()
    place = viewport.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = [a.text() for a in menu.actions()]
    menu.close()
    assert texts[-5:] == ["Copy picture", "Copy data", "Export PNG...", "Export SVG...", "Export CSV..."]


def test_switching_the_theme_recolours(plot, qapp, pixels):
    origin = QPointF(plot.plot.mapTo(plot, QPoint(0, 0)))
    place = plot.pixel_of(25, 0.5) + origin
    assert near(pixels(plot), place, theme().accent, 3, 12)
    tokens.apply_theme(qapp, "light")
    picture = pixels(plot)
    assert picture.pixelColor(3, 200).name().upper() == LIGHT.panel
    assert near(picture, plot.pixel_of(25, 0.5) + origin, LIGHT.accent, 3, 12)


def test_legend_drags_and_toggles(plot, qtbot, pixels):
    legend = plot.legend
    start = legend.pos()
    qtbot.mousePress(legend, LEFT, pos=QPoint(10, 10))
    qtbot.mouseMove(legend, QPoint(-60, 40))
    qtbot.mouseRelease(legend, LEFT, pos=QPoint(-60, 40))
    assert legend.pos() != start
    assert [e.visible for e in legend.entries()] == [True, True], "a drag is no click"
    qtbot.mouseClick(legend, LEFT, pos=QPoint(10, 10))
    assert [e.visible for e in legend.entries()] == [False, True]
    assert [name for name, _, _ in plot.values_at(10)] == ["validation"]


def test_readout_stays_inside_its_parent(shown, plot):
    box = Readout(plot)
    for place in (QPoint(0, 0), QPoint(415, 275), QPoint(415, 0)):
        box.show_at(place, "epoch 3", [("", "a long name of a curve", "0.123")])
        assert plot.rect().contains(box.geometry())
    assert box.text() == "epoch 3\na long name of a curve: 0.123"


def test_a_plot_never_stands_alone_as_a_window_while_it_is_made(qtbot) -> None:
    seen: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                seen.append(type(watched).__name__)
            return False

    app, watch = QApplication.instance(), Watch()
    assert app is not None
    app.installEventFilter(watch)
    plot = CurvePlot()
    app.removeEventFilter(watch)
    qtbot.addWidget(plot)
    assert not seen, "it would take the focus from the window that it is made for"
