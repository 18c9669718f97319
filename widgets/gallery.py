"""Every widget with realistic data, as PNG: ``python -m widgets.gallery --out DIR [--theme light] [--scale 2]``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from widgets import export, icons, thumbs, tokens
from widgets.boundary import DecisionBoundary
from widgets.confusion import ConfusionMatrix
from widgets.curve import CurvePlot, Line
from widgets.fields import (
    Badge,
    BusyBar,
    Choice,
    FieldForm,
    NumberField,
    NumbersField,
    SearchField,
    Section,
    Segmented,
    Toggle,
)
from widgets.image_strip import ImageStrip
from widgets.layer_profile import Band, LayerProfile
from widgets.panel import PlotPanel
from widgets.ridge import HistogramRidge
from widgets.tiles import TileGrid
from widgets.waterfall import Waterfall

SIZE = (440, 280)
HELP = "Shows what it is named after. Look at it in both themes."
CLOTHES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
_random = np.random.default_rng(7)
Array = NDArray[np.float64]


def curves() -> PlotPanel:
    plot = CurvePlot("Loss", HELP, x_label="epoch")
    epoch = np.arange(161.0)
    a = 0.5 + 0.05 * np.exp(-epoch / 8) + _random.normal(size=161) * 0.002
    b = 0.5 / (1 + np.exp((epoch - 55) / 7)) + 0.012
    plot.show_curves(
        {
            "A sigmoid, train": Line(epoch, a),
            "A validation": Line(epoch, a + 0.005, "validation"),
            "B ReLU (fork), train": Line(epoch, b, run="B"),
            "B validation": Line(epoch, b * 1.05 + 0.005, "validation", run="B"),
        }
    )
    plot.show_best(131, float(b[131]))
    plot.show_markers([(90, "lr 0.01")])
    return plot


def noisy_curves() -> PlotPanel:
    plot = CurvePlot("Loss per step", HELP, x_label="step")
    step = np.arange(200_000.0)
    train = 2.2 * np.exp(-step / 30_000) + 0.25 + _random.gamma(2.0, 0.06, size=len(step))
    epochs = np.arange(0, 200_000, 8_000.0)
    held_out = 2.2 * np.exp(-epochs / 30_000) + 0.42 + 4e-7 * epochs
    plot.show_curves({"train": Line(step, train), "validation": Line(epochs, held_out, "validation")})
    plot.show_smoothing(200)
    plot.show_log(True)
    plot.show_markers([(24_000, "switched backend")])
    return plot


def profile() -> PlotPanel:
    plot = LayerProfile("Gradient by layer", HELP)
    names = [*(f"hidden {i}" for i in range(1, 7)), "output"]
    ids = [f"n{i}" for i in range(7)]
    now = np.array([1.7e-7, 3.8e-6, 2.6e-5, 4e-4, 2.4e-3, 4.7e-2, 0.31])
    relu = np.array([5e-4, 1.4e-3, 1.2e-3, 2e-3, 2.6e-3, 5e-3, 3.2e-3])
    plot.show_profile(
        ids,
        names,
        {"RMS(delta)": now},
        earlier={"RMS(delta)": np.stack([now * 2.2, now * 1.5])},
        predicted={"RMS(delta)": 10 ** np.linspace(-6.8, -1.4, 7)},
        compare={"RMS(delta)": relu},
        levels={"n0": "error", "n1": "error", "n2": "warning"},
    )
    plot.show_bands([Band(0, 1e-6, "error", "vanishing")])
    plot.show_selected("n2")
    return plot


def deep_profile() -> PlotPanel:
    plot = LayerProfile("Gradient and updates, 24 layers", HELP)
    names = [f"block {i // 4 + 1} conv {i % 4 + 1}" for i in range(24)]
    delta = 10 ** (np.linspace(-2.4, -1, 24) + _random.normal(size=24) * 0.08)
    delta[5], delta[13] = 0.0, np.nan
    update = 10 ** (-3 + _random.normal(size=24) * 0.25)
    plot.show_profile(names, names, {"RMS(delta)": delta, "update : weight": update})
    return plot


def ridge(form: str) -> PlotPanel:
    plot = HistogramRidge("conv 1 weights", HELP, x_label="weight")
    steps = np.arange(0, 30) * 140
    counts, edges, low, high = [], [], [], []
    for index in range(30):
        values = _random.normal(size=4000) * (0.05 + 0.004 * index) + 0.002 * index
        values = np.concatenate([values, _random.normal(size=900) * 0.02 - 0.006 * index])
        bounds = np.quantile(values, [0.002, 0.998])
        count, edge = np.histogram(values, 64, tuple(bounds))
        counts.append(count)
        edges.append(edge)
        low.append(values.min())
        high.append(values.max())
    plot.show_histograms(steps, np.stack(edges), np.stack(counts), np.array(low), np.array(high))
    plot.show_form("heat" if form == "heat" else "ridge")
    return plot


def waterfall() -> PlotPanel:
    plot = Waterfall("Waterfall", HELP)
    names = [*(f"hidden {i}" for i in range(1, 7)), "output"]
    level = np.array([2e-7, 4e-6, 3e-5, 4e-4, 3e-3, 5e-2, 0.3])
    step = np.arange(4100)
    wave = 10 ** (0.5 * np.sin(step / 700) + _random.normal(size=(7, 4100)) * 0.05)
    values = level[:, None] * wave
    values[0, 2500:2700] = 0.0
    plot.show_waterfall(names, names, step, values)
    plot.show_selected("hidden 3")
    return plot


def _blob(size: int) -> Array:
    """A soft garment-like picture, (size, size) in 0..1."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    shape = np.exp(-((x / 0.5) ** 8) - ((y + 0.1) / 0.75) ** 8) + np.exp(-((x / 0.95) ** 8) - ((y + 0.5) / 0.2) ** 4)
    return np.clip(shape * (0.75 + 0.2 * np.sin(9 * x + 4 * y)), 0, 1)


def _maps(count: int, size: int) -> Array:
    picture = _blob(size + 2)
    kernels = _random.normal(size=(count, 3, 3))
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3))
    return np.einsum("hwij,kij->khw", windows, kernels)


def feature_maps() -> PlotPanel:
    grid = TileGrid("conv 1, feature maps", HELP)
    grid.show_tiles(_maps(32, 26), captions=[str(i) for i in range(32)])
    grid.show_selected(5)
    return grid


def kernels() -> PlotPanel:
    grid = TileGrid("conv 1, kernels", HELP)
    grid.show_tiles(_random.normal(size=(32, 3, 3)) * 0.3)
    return grid


def pooled() -> PlotPanel:
    grid = TileGrid("pool 1, outputs", HELP)
    grid.show_tiles(np.maximum(_maps(16, 13), 0), signed=False, captions=[f"unit {i}" for i in range(16)], scale="unit")
    return grid


def boundary() -> PlotPanel:
    plot = DecisionBoundary("Decision boundary", HELP)
    x, y = np.meshgrid(np.linspace(-6, 6, 100), np.linspace(-6, 6, 100))
    plot.show_surface(np.tanh(6 - (x**2 + y**2) / 2.2 + 0.5 * x))
    angle, radius = _random.uniform(0, 2 * np.pi, 240), np.repeat([2.2, 4.4], 120) * _random.uniform(0.6, 1.1, 240)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    targets = np.repeat([1.0, -1.0], 120)
    plot.show_points(points[::2], targets[::2])
    plot.show_points(points[1::4], targets[1::4], split="test")
    plot.show_test(True)
    return plot


def classes() -> PlotPanel:
    plot = DecisionBoundary("Decision boundary, 4 classes", HELP)
    x, y = np.meshgrid(np.linspace(-6, 6, 100), np.linspace(-6, 6, 100))
    centers = np.array([[-3, -2.5], [3, -2], [-2, 3], [3, 3]])
    score = np.stack([-((x - a) ** 2 + (y - b) ** 2) / 5 for a, b in centers])
    share = np.exp(score) / np.exp(score).sum(axis=0)
    plot.show_surface(share, class_names=["north", "east", "south", "west"])
    group = _random.integers(0, 4, 160)
    plot.show_points(centers[group] + _random.normal(size=(160, 2)), group)
    return plot


def confusion(count: int) -> PlotPanel:
    matrix = ConfusionMatrix("Confusion matrix, test set", HELP)
    table = _random.poisson(0.8 if count <= 10 else 0.02, (count, count))
    np.fill_diagonal(table, _random.integers(70, 99, count))
    if count == 10:
        table[6, [0, 2, 4]] = 14, 11, 9
    matrix.show_matrix(table, CLOTHES if count == 10 else [f"class {i}" for i in range(count)])
    return matrix


def answers() -> PlotPanel:
    strip = ImageStrip("Answers, wrong ones first", HELP)
    right = [False] * 4 + [True] * 9
    captions = [
        f"{CLOTHES[i % 10]}\n{'Shirt' if not ok else CLOTHES[i % 10]} {62 + 3 * i} %" for i, ok in enumerate(right)
    ]
    pictures = [
        np.clip(_blob(28) * _random.uniform(0.5, 1) + _random.normal(size=(28, 28)) * 0.05, 0, 1) for _ in right
    ]
    strip.show_images(pictures, captions, right)
    return strip


def empty() -> PlotPanel:
    return CurvePlot("Accuracy", HELP, x_label="epoch")


def fields() -> QWidget:
    """The form controls."""
    board = QWidget()
    column = QVBoxLayout(board)
    column.addWidget(Segmented(["off", "activations", "gradients", "both"], "gradients"))
    column.addWidget(SearchField("Search layers", "Tab"))
    section = Section("Parameters")
    form = FieldForm()
    section.body.addWidget(form)
    form.add("units", "units", NumberField(4, low=1, integer=True))
    form.add("activation", "activation", Choice(["sigmoid", "relu"], "sigmoid"))
    rate = NumberField(1e-4, low=0, low_open=True, logarithmic=True, unit="1/step")
    form.add("rate", "learning rate", rate)
    rate.show_error("must be above 0")
    form.add("kernel", "kernel", NumbersField((3, 3), count=(2, 2)))
    form.add("bias", "bias", Toggle("add a bias", True))
    form.show_changed("units", True, "32")
    column.addWidget(section)
    row = QHBoxLayout()
    for kind in ("neutral", "accent", "good", "warning", "error"):
        row.addWidget(Badge(kind, kind))
    row.addStretch()
    column.addLayout(row)
    bar = BusyBar()
    bar.show_share(0.4)
    column.addWidget(bar)
    buttons = QHBoxLayout()
    first = QPushButton("Try ReLU, He")
    first.setProperty("primary", True)
    for button in (first, QPushButton("Try tanh"), QPushButton("Why?")):
        buttons.addWidget(button)
    column.addLayout(buttons)
    column.addStretch()
    return board


def pictures() -> QWidget:
    """Thumbnails and icons."""
    board = QWidget()
    column = QVBoxLayout(board)
    row = QHBoxLayout()
    column.addLayout(row)
    ratio = 2.0
    x, y = np.meshgrid(np.linspace(-1, 1, 24), np.linspace(-1, 1, 12))
    points = _random.normal(size=(300, 2))
    values = _random.normal(size=5000)
    images = [
        thumbs.heat_map(np.tanh(3 * (x + y**2 - 0.3))),
        thumbs.tiles(_maps(12, 20), 152, 56),
        thumbs.histogram(np.histogram(values, 48)[0], 152, 56, edges=(values.min(), values.max()), ratio=ratio),
        thumbs.scatter(points, (points**2).sum(axis=1) > 1.4, 152, 56, ratio=ratio),
        thumbs.bars([0.02, 0.7, 0.2, 0.01, 0.05, 0.02], 152, 56, highlight=1, ratio=ratio),
    ]
    from PySide6.QtCore import QSize, Qt
    from PySide6.QtGui import QPixmap

    for image in images:
        label = QLabel()
        picture = QPixmap.fromImage(image)
        if image.devicePixelRatio() == 1.0:
            picture = picture.scaled(QSize(304, 112), Qt.AspectRatioMode.KeepAspectRatio)
            picture.setDevicePixelRatio(2.0)
        label.setPixmap(picture)
        row.addWidget(label)
    grid = QGridLayout()
    column.addLayout(grid)
    for index, name in enumerate(icons.NAMES):
        label = QLabel()
        group = name.removeprefix("group-")
        hue = tokens.theme().group(group) if name.startswith("group-") else ""
        label.setPixmap(icons.pixmap(name, hue, tokens.ICON, 2.0))
        grid.addWidget(label, index // 24, index % 24)
    column.addStretch()
    return board


BOARD: dict[str, Callable[[], QWidget]] = {
    "curves": curves,
    "curves_hover": curves,
    "curves_dense": noisy_curves,
    "curves_empty": empty,
    "profile": profile,
    "profile_deep": deep_profile,
    "ridge": lambda: ridge("ridge"),
    "ridge_heat": lambda: ridge("heat"),
    "waterfall": waterfall,
    "tiles_maps": feature_maps,
    "tiles_kernels": kernels,
    "tiles_pooled": pooled,
    "boundary": boundary,
    "boundary_classes": classes,
    "confusion": lambda: confusion(10),
    "confusion_300": lambda: confusion(300),
    "answers": answers,
    "fields": fields,
}


def render(name: str, folder: Path, scale: float) -> QWidget:
    """Draws one widget into ``folder``/``name``.png as it stands on the screen, buttons included."""
    widget = BOARD[name]()
    big = {"confusion": (440, 420), "confusion_300": (440, 420), "fields": (440, 420)}
    widget.resize(*big.get(name, SIZE))
    widget.show()
    widget.setFocus()
    QApplication.processEvents()
    if name == "curves_hover":
        plot = widget
        assert isinstance(plot, CurvePlot)
        plot._hover(QPointF(plot.pixel_of(60, 0.3)))
        QApplication.processEvents()
    export.widget_image(widget, scale).save(str(folder / f"{name}.png"))
    return widget


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m widgets.gallery", description=__doc__)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument("--scale", default=2, type=float)
    parser.add_argument("--only", nargs="*", choices=tuple(BOARD))
    given = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    tokens.apply_theme(app, given.theme)
    given.out.mkdir(parents=True, exist_ok=True)
    kept = [render(name, given.out, given.scale) for name in given.only or BOARD]
    if not given.only:
        board = pictures()
        board.resize(900, 330)
        board.show()
        app.processEvents()
        export.widget_image(board, given.scale).save(str(given.out / "pictures.png"))
        kept.append(board)
    for widget in kept:
        widget.close()
    print(f"{len(kept)} pictures in {given.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
