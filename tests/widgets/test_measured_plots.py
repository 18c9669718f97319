"""Plots of measurements: what they draw is what they were given, and they say so on hover and in CSV."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget

from widgets import colormaps, tokens
from widgets.export import csv_text
from widgets.filmstrip import FilmStrip, short
from widgets.layer_line import LayerLine, LayerMatrix
from widgets.loss_map import LossMap
from widgets.spectrum import SpectrumPlot, Strip

Shown = Callable[..., QWidget]


def close_to(colour: QColor, wanted: str, slack: int = 40) -> bool:
    other = QColor(wanted)
    parts = ((colour.red(), other.red()), (colour.green(), other.green()), (colour.blue(), other.blue()))
    return all(abs(a - b) <= slack for a, b in parts)


def test_spectra_are_drawn_and_told(shown: Shown) -> None:
    plot = SpectrumPlot("isometry")
    strips = [Strip(np.array([2.0, 0.5, 1e-30]), 1.19), None, Strip(np.zeros(0), 0.01, 0.002, (0.005, 0.02))]
    plot.show_spectra(["a", "b", "c"], ["first", "second", "third"], {"one": strips})
    shown(plot)
    (_, _), (low, high) = plot.view.viewRange()
    assert low < math.log10(0.01) and high > math.log10(2.0)
    title, rows = plot.hover_rows(0.2, 0.0)
    assert title == "first" and [r[2] for r in rows] == ["1.19", "0.5 - 2", "33%"]
    assert plot.hover_rows(1.0, 0.0) == ("second", [])
    assert plot.hover_rows(2.0, 0.0)[1][0][2] == "0.01 ± 0.002"
    picture = plot.plot.grab().toImage()
    for value in (2.0, 0.5):
        place = plot.pixel_of(0.0, math.log10(value)) * picture.devicePixelRatio()
        stroke, panel = picture.pixelColor(int(place.x()), int(place.y())), QColor(tokens.theme().panel)
        assert stroke.blue() > panel.blue() + 60
    lines = csv_text(plot.table()).splitlines()
    assert "a,first,one,1,2.0" in lines and "c,third,one,root mean square,0.01" in lines
    assert plot.legend.isVisible() and not plot.key.isVisible()
    plot.resize(420, 150)
    plot.view_changed()
    QApplication.processEvents()
    assert not plot.legend.isVisible() and plot.key.isVisible() and "one" in plot.key.text()
    with pytest.raises(ValueError, match="expected 3 layers"):
        plot.show_spectra(["a", "b", "c"], ["a", "b", "c"], {"x": strips[:2]})


def test_a_loss_map_has_its_colours_where_the_losses_are(shown: Shown, tmp_path: Path) -> None:
    plot = LossMap("landscape")
    across, up = np.linspace(-2, 2, 9), np.linspace(-1, 1, 5)
    losses = 0.1 + across[None, :] ** 2 + up[:, None] ** 2
    losses[4, 8] = np.inf
    path = np.array([[-1.5, 0.8], [-0.7, 0.2], [0.0, 0.0]])
    plot.show_map(across, up, losses, path, (0, 50, 1200), x_label="x", y_label="y")
    shown(plot, 520, 360)
    picture = plot.plot.grab().toImage()

    def at(x: float, y: float) -> QColor:
        place = plot.pixel_of(x, y) * picture.devicePixelRatio()
        return picture.pixelColor(int(place.x()), int(place.y()))

    def expected(value: float) -> str:
        word = colormaps.viridis()[colormaps.log_index(value, 0.1, 5.1)]
        return f"#{int(word) & 0xFFFFFF:06X}"

    for x, y in ((-1.9, -0.9), (1.0, -0.5), (-1.0, -1.0)):
        near = [close_to(at(x + dx, y), expected(0.1 + x * x + y * y), 60) for dx in (-0.06, 0.0, 0.06)]
        assert any(near), (x, y)
    assert close_to(at(2.0, 1.0), tokens.theme().error)
    assert plot.hover_rows(1.0, 0.5)[1][0][2] == "1.35"
    assert plot.hover_rows(-0.7, 0.2)[0] == "step 50"
    rows = csv_text(plot.table()).splitlines()
    assert rows[0] == "part,step,x,y,loss" and len(rows) == 1 + 45 + 3 and "path,1200,0.0,0.0," in rows
    for kind in ("png", "svg", "csv"):
        getattr(plot, f"export_{kind}")(tmp_path / f"plane.{kind}")
        assert (tmp_path / f"plane.{kind}").stat().st_size > 300
    with pytest.raises(ValueError, match="9 x 5"):
        plot.show_map(up, across, losses, path, (0, 50, 1200))


def test_a_layer_line_and_its_level(shown: Shown) -> None:
    plot = LayerLine("probe")
    plot.show_line(["a", "b"], ["in", "out"], [0.4, 0.9], label="accuracy", earlier=[[0.1, 0.2]], level=(0.5, "guess"))
    shown(plot)
    _, (low, high) = plot.view.viewRange()
    assert low < 0.0 and high > 0.9
    assert plot.hover_rows(1.2, 0.0) == ("out", [(tokens.theme().run_a, "accuracy", "0.9")])
    assert csv_text(plot.table()) == "id,layer,accuracy\na,in,0.4\nb,out,0.9\n"
    picture = plot.plot.grab().toImage()
    place = plot.pixel_of(1.0, 0.9) * picture.devicePixelRatio()
    assert close_to(picture.pixelColor(int(place.x()), int(place.y())), tokens.theme().run_a)
    with pytest.raises(ValueError, match="expected 1 layers"):
        plot.show_line(["a"], ["a"], [0.1, 0.2])


def test_a_layer_matrix_has_its_first_layer_below(shown: Shown) -> None:
    plot = LayerMatrix("cka")
    plot.show_matrix(["in", "out"], [[1.0, 0.0], [0.3, 1.0]], label="CKA")
    shown(plot)
    assert plot.hover_rows(0.0, 1.0) == ("in · out", [(tokens.theme().secondary, "CKA", "0.3")])
    picture = plot.plot.grab().toImage()
    for x, y, value in ((0, 0, 1.0), (1, 0, 0.0), (0, 1, 0.3)):
        place = plot.pixel_of(x, y) * picture.devicePixelRatio()
        word = colormaps.viridis()[colormaps.linear_index(value, 0.0, 1.0)]
        assert close_to(picture.pixelColor(int(place.x()), int(place.y())), f"#{int(word) & 0xFFFFFF:06X}", 3)
    with pytest.raises(ValueError, match="expected 1 layers"):
        plot.show_matrix(["in"], np.eye(2))


def test_a_filmstrip_has_a_row_for_each_filter_and_a_column_for_each_moment(shown: Shown) -> None:
    plot = FilmStrip("filters")
    kernels = np.zeros((2, 3, 3, 3))
    kernels[1, 2, 0, 2] = 1.0
    kernels[0, 1, 1, 1] = -0.25
    plot.show_film((0, 1500), kernels)
    shown(plot, 420, 320)
    film = plot.film
    picture = film.grab().toImage()

    def cell(k: int, f: int, i: int, j: int) -> QColor:
        box = film.place(k, f)
        x, y = box.left() + (j + 0.5) * box.width() / 3, box.top() + (i + 0.5) * box.height() / 3
        return picture.pixelColor(int(x * picture.devicePixelRatio()), int(y * picture.devicePixelRatio()))

    assert close_to(cell(1, 2, 0, 2), tokens.theme().positive, 3)
    assert close_to(cell(0, 0, 0, 0), tokens.theme().neutral, 3)
    assert not close_to(cell(0, 1, 1, 1), tokens.theme().negative, 10)
    plot.scale.value_changed.emit("filter")
    QApplication.processEvents()
    picture = film.grab().toImage()
    assert close_to(cell(0, 1, 1, 1), tokens.theme().negative, 3)
    box = film.place(1, 2)
    assert film.told(QPointF(box.right() - 2, box.top() + 2)) == "filter 3, step 1,500: 1"
    assert "1500,3,0,2,1.0" in csv_text(plot.table())
    assert [short(s) for s in (0, 950, 1500, 35_000, 2_100_000)] == ["0", "950", "1.5k", "35k", "2.1M"]
    with pytest.raises(ValueError, match="of 1 steps"):
        plot.show_film((0,), kernels)
