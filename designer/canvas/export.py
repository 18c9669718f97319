"""The canvas as SVG, PNG or PDF, painted offscreen from a state; needs a QGuiApplication, no window."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QMimeData, QRectF, QSaveFile, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem

from designer.canvas.overlay import Overlay
from designer.canvas.scene import CanvasScene
from designer.document import DocState
from designer.document.frames import contents
from designer.document.refusals import EditRefusal
from designer.document.sheet import folded, members_of
from designer.document.verbs import place_missing
from engine.analysis import Analysis
from widgets import tokens
from widgets.tokens import Theme

Kind = Literal["svg", "png", "pdf"]
_BORDER = 24.0
_LARGEST = 16_000
#: other programs take such a copy at once into memory
_LARGEST_COPY = 8_000
#: node ids, and frames and notes by key
Chosen = tuple[Iterable[str], Iterable[tuple[str, str]]]


def export_canvas(
    state: DocState,
    analysis: Analysis,
    path: str | Path,
    kind: Kind | None = None,
    theme: Theme | Literal["dark", "light"] = "light",
    live: Overlay | None = None,
    scale: float = 2.0,
    chosen: Chosen | None = None,
    within: str | None = None,
) -> Path:
    """Write the picture; the kind follows the file's ending if it is not given. Returns the path.

    ``live``: an overlay whose flow, pictures and values are painted too. ``scale``: pixels per scene unit for PNG.
    ``chosen``: only these (nodes, areas). ``within``: the inside of that group. EditRefusal where the ending is
    unknown; OSError where the file cannot be written, which then stays as it was.
    """
    path = Path(path)
    ending = kind or path.suffix.lower().lstrip(".")
    painters = {"svg": _svg, "png": _png, "pdf": _pdf}
    if ending not in painters:
        raise EditRefusal(f"{path.name}: a canvas can be written as svg, png or pdf", "choose one of these endings")
    colors = {"dark": tokens.DARK, "light": tokens.LIGHT}[theme] if isinstance(theme, str) else theme
    scene = _scene(state, analysis, colors, live, within)
    area = _area(scene, chosen)
    file = QSaveFile(str(path))
    if not file.open(QSaveFile.OpenModeFlag.WriteOnly):
        raise OSError(f"{path}: {file.errorString()}")
    painters[ending](scene, area, file, scale, state.title)
    if not file.commit():
        raise OSError(f"{path}: {file.errorString()}")
    return path


def picture_mime(
    state: DocState,
    analysis: Analysis,
    theme: Theme,
    live: Overlay | None = None,
    chosen: Chosen | None = None,
    scale: float = 2.0,
    within: str | None = None,
) -> QMimeData:
    """The drawing, or what of it is chosen, for the clipboard: pixels for most programs, SVG for those that take it."""
    scene = _scene(state, analysis, theme, live, within)
    area = _area(scene, chosen)
    store = QBuffer()
    store.open(QBuffer.OpenModeFlag.WriteOnly)
    _svg(scene, area, store, scale, state.title)
    mime = QMimeData()
    mime.setImageData(_image(scene, area, min(scale, _LARGEST_COPY / max(area.width(), area.height()))))
    mime.setData("image/svg+xml", store.data())
    return mime


def _area(scene: CanvasScene, chosen: Chosen | None) -> QRectF:
    """What is painted; all that is not chosen is hidden."""
    content = scene.content() if chosen is None else _keep_only(scene, *chosen)
    if content.isEmpty():
        return QRectF(0, 0, 400, 200)
    return content.adjusted(-_BORDER, -_BORDER, _BORDER, _BORDER)


def _keep_only(scene: CanvasScene, nodes: Iterable[str], areas: Iterable[tuple[str, str]]) -> QRectF:
    """The rectangle around the chosen cards, frames and notes, the others hidden. A frame all of whose cards are
    chosen is, too."""
    shown, kept, rect = set(nodes), set(areas), QRectF()
    sizes = scene.sizes()
    sheet = folded(scene.state, scene.sheet.within)
    for key in sheet.frames:
        held = members_of(scene.state, contents(sheet, key, sizes).nodes)
        if held and shown.issuperset(held):
            kept.add(("frame", key))
    scene.sheet.hide_borders()
    for card, item in scene.cards.items():
        item.setVisible(shown.issuperset(members_of(scene.state, (card,))))
    for edge, wire in scene.wires.items():
        wire.setVisible(wire.isVisible() and edge.source in shown and edge.target in shown)
    for key, area in scene.areas.items():
        area.setVisible(key in kept)
        rect = rect.united(area.rect()) if key in kept else rect
    return rect.united(scene.content(shown))


def _scene(
    state: DocState, analysis: Analysis, theme: Theme, live: Overlay | None, within: str | None
) -> CanvasScene:
    scene = CanvasScene(place_missing(state), analysis, theme)
    if within in state.groups:
        scene.sheet.within = within
        scene.sheet.follow()
    overlay = Overlay(scene)
    if live is not None:
        overlay.show_pictures(live.pictures)
        overlay.show_values(live.values)
        overlay.show_flow(live.flow, live.mode)
        overlay.show_heat(live.heat)
    for item in {*scene.nodes.values(), *scene.cards.values(), *scene.sheet.borders.values()}:
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


def _svg(scene: CanvasScene, area: QRectF, file: QIODevice, scale: float, title: str) -> None:
    generator = QSvgGenerator()
    generator.setOutputDevice(file)
    size = QSize(math.ceil(area.width()), math.ceil(area.height()))
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setResolution(96)
    generator.setTitle(title or "Gradloom")
    _render(scene, QPainter(generator), QRectF(0, 0, area.width(), area.height()), area)


def _png(scene: CanvasScene, area: QRectF, file: QIODevice, scale: float, title: str) -> None:
    scale = min(scale, _LARGEST / max(area.width(), area.height()))
    _image(scene, area, scale).save(file, "PNG")  # type: ignore[call-overload]


def _image(scene: CanvasScene, area: QRectF, scale: float) -> QImage:
    image = QImage(math.ceil(area.width() * scale), math.ceil(area.height() * scale), QImage.Format.Format_RGB32)
    image.fill(scene.backgroundBrush().color())
    _render(scene, QPainter(image), QRectF(image.rect()), area)
    return image


def _pdf(scene: CanvasScene, area: QRectF, file: QIODevice, scale: float, title: str) -> None:
    writer = QPdfWriter(file)
    writer.setTitle(title or "Gradloom")
    writer.setResolution(96)
    points = QSizeF(area.width() * 0.75, area.height() * 0.75)
    page = QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF()))
    _render(scene, QPainter(writer), QRectF(0, 0, area.width(), area.height()), area)
