"""A widget as PNG or SVG, a table as CSV text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QPoint, QRect, QSize
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

Table = tuple[Sequence[str], Iterable[Sequence[object]]]
"""Column names, rows."""


def widget_image(widget: QWidget, scale: float = 2.0) -> QImage:
    """The widget as it looks, ``scale`` pixels for each of its own."""
    size = widget.size()
    image = QImage(
        QSize(round(size.width() * scale), round(size.height() * scale)), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.setDevicePixelRatio(scale)
    image.fill(widget.palette().window().color())
    painter = QPainter(image)
    widget.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.end()
    return image


def write_svg(widget: QWidget, path: Path, title: str) -> None:
    """The widget as vectors. The generator's default resolution would scale fonts and lines apart."""
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(QRect(QPoint(0, 0), widget.size()))
    generator.setResolution(int(widget.logicalDpiX()))
    generator.setTitle(title)
    painter = QPainter(generator)
    painter.fillRect(widget.rect(), widget.palette().window())
    widget.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.end()
    path.write_bytes(buffer.data().data())


def csv_text(table: Table) -> str:
    """Numbers are written so that reading them gives the same number again."""
    header, rows = table
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return buffer.getvalue()


def _cell(value: object) -> object:
    # numpy scalars print their type; their Python twin prints the shortest text that reads back equal.
    item = getattr(value, "item", None)
    return item() if callable(item) else value
