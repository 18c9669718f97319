"""The gallery draws every widget in both themes; exports of all plots work."""

from __future__ import annotations

import csv
import io

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from widgets import gallery, tokens
from widgets.export import csv_text
from widgets.panel import PlotPanel


def colours(image: QImage) -> set[int]:
    return {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_gallery_draws_everything(qapp, qtbot, tmp_path, mode: str, capsys):
    assert gallery.main(["--out", str(tmp_path), "--theme", mode, "--scale", "1"]) == 0
    files = sorted(p.stem for p in tmp_path.glob("*.png"))
    assert files == sorted([*gallery.BOARD, "pictures"])
    ground = tokens.theme().panel
    for path in tmp_path.glob("*.png"):
        image = QImage(str(path))
        assert len(colours(image)) > 5, path.stem
        assert image.pixelColor(1, image.height() - 2).name().upper() in (ground, tokens.theme().canvas), path.stem


@pytest.mark.parametrize("name", [n for n in gallery.BOARD if n not in ("fields", "curves_empty", "confusion_300")])
def test_every_plot_exports(shown, name: str, tmp_path):
    plot = shown(gallery.BOARD[name]())
    assert isinstance(plot, PlotPanel)
    QApplication.processEvents()
    plot.export_png(tmp_path / "p.png", scale=1.0)
    plot.export_svg(tmp_path / "p.svg")
    assert QImage(str(tmp_path / "p.png")).width() == plot.width()
    assert "<svg" in (tmp_path / "p.svg").read_text()[:300]
    rows = list(csv.reader(io.StringIO(csv_text(plot.table()))))
    assert len(rows) > 3 and len({len(row) for row in rows}) == 1
