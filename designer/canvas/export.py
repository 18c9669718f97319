"""The canvas as SVG, PNG or PDF, painted offscreen from a state; needs a QGuiApplication, no window."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QMarginsF, QRectF, QSaveFile, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem

from designer.canvas.overlay import Overlay
from designer.canvas.scene import CanvasScene
from designer.document import DocState
from designer.document.refusals import EditRefusal
from designer.document.verbs import place_missing
from engine.analysis import Analysis
from widgets import tokens
from widgets.tokens import Theme

Kind = Literal["svg", "png", "pdf"]
_BORDER = 24.0
_LARGEST = 16_000


def export_canvas(
    state: DocState,
    analysis: Analysis,
    path: str | Path,
    kind: Kind | None = None,
    theme: Theme | Literal["dark", "light"] = "light",
    live: Overlay | None = None,
    scale: float = 2.0,
) -> Path:
    """Write the picture; the kind follows the file's ending if it is not given. Returns the path.

    ``live``: an overlay whose flow, pictures and values are painted too. ``scale``: pixels per scene unit for PNG.
    EditRefusal where the ending is unknown; OSError where the file cannot be written, which then stays as it was.
    """
    path = Path(path)
    chosen = kind or path.suffix.lower().lstrip(".")
    painters = {"svg": _svg, "png": _png, "pdf": _pdf}
    if chosen not in painters:
        raise EditRefusal(f"{path.name}: a canvas can be written as svg, png or pdf", "choose one of these endings")
    colors = {"dark": tokens.DARK, "light": tokens.LIGHT}[theme] if isinstance(theme, str) else theme
    scene = _scene(state, analysis, colors, live)
    area = scene.content().adjusted(-_BORDER, -_BORDER, _BORDER, _BORDER)
    if scene.content().isEmpty():
        area = QRectF(0, 0, 400, 200)
    file = QSaveFile(str(path))
    if not file.open(QSaveFile.OpenModeFlag.WriteOnly):
        raise OSError(f"{path}: {file.errorString()}")
    painters[chosen](scene, area, file, scale, state.title)
    if not file.commit():
        raise OSError(f"{path}: {file.errorString()}")
    return path


def _scene(state: DocState, analysis: Analysis, theme: Theme, live: Overlay | None) -> CanvasScene:
    scene = CanvasScene(place_missing(state), analysis, theme)
    overlay = Overlay(scene)
    if live is not None:
        overlay.show_pictures(live.pictures)
        overlay.show_values(live.values)
        overlay.show_flow(live.flow, live.mode)
    for item in scene.nodes.values():
        item.vector = True
        item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    scene.setBackgroundBrush(QColor(theme.canvas))
    _keep(scene, overlay)
    return scene


def _keep(scene: CanvasScene, overlay: Overlay) -> None:
    """The overlay lives as long as its scene."""
    scene.overlay = overlay  # type: ignore[attr-defined]


def _render(scene: CanvasScene, painter: QPainter, target: QRectF, area: QRectF) -> None:
    for hint in (QPainter.RenderHint.Antialiasing, QPainter.RenderHint.TextAntialiasing):
        painter.setRenderHint(hint)
    scene.render(painter, target, area, Qt.AspectRatioMode.KeepAspectRatio)
    painter.end()


def _svg(scene: CanvasScene, area: QRectF, file: QSaveFile, scale: float, title: str) -> None:
    generator = QSvgGenerator()
    generator.setOutputDevice(file)
    size = QSize(math.ceil(area.width()), math.ceil(area.height()))
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setResolution(96)
    generator.setTitle(title or "Gradloom")
    _render(scene, QPainter(generator), QRectF(0, 0, area.width(), area.height()), area)


def _png(scene: CanvasScene, area: QRectF, file: QSaveFile, scale: float, title: str) -> None:
    scale = min(scale, _LARGEST / max(area.width(), area.height()))
    image = QImage(math.ceil(area.width() * scale), math.ceil(area.height() * scale), QImage.Format.Format_RGB32)
    image.fill(scene.backgroundBrush().color())
    _render(scene, QPainter(image), QRectF(image.rect()), area)
    image.save(file, "PNG")  # type: ignore[call-overload]


def _pdf(scene: CanvasScene, area: QRectF, file: QSaveFile, scale: float, title: str) -> None:
    writer = QPdfWriter(file)
    writer.setTitle(title or "Gradloom")
    writer.setResolution(96)
    points = QSizeF(area.width() * 0.75, area.height() * 0.75)
    page = QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF()))
    _render(scene, QPainter(writer), QRectF(0, 0, area.width(), area.height()), area)
