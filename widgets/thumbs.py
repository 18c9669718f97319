"""Small pictures for node cards: pure functions array -> QImage, each well under a millisecond.

``width`` and ``height`` are logical pixels, ``ratio`` the screen's. Backgrounds are transparent: the card shows.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from widgets import colormaps
from widgets.tokens import blend, color, theme

TRANSPARENT = np.uint32(0)


def heat_map(
    values: ArrayLike, *, signed: bool = True, span: float | None = None, center: float = 0.0, row0_bottom: bool = True
) -> QImage:
    """(H, W) values -> one pixel a value, to be drawn without smoothing. ``span`` defaults to the largest |v|.

    A decision surface has its first row at the bottom; pass ``row0_bottom=False`` for pictures.
    """
    array = np.asarray(values, dtype=np.float32)
    if row0_bottom:
        array = array[::-1]
    if signed:
        return colormaps.image(colormaps.signed()[colormaps.signed_index(array, _span(array, span, center), center)])
    low, high = _bounds(array)
    return colormaps.image(colormaps.viridis()[colormaps.linear_index(array, low, span or high)])


def picture(values: ArrayLike) -> QImage:
    """(H, W), (1, H, W) or (3, H, W), uint8 or 0..1, as it is."""
    return colormaps.image(colormaps.words_of_rgb(values))


def tiles(
    values: ArrayLike, width: int, height: int, *, signed: bool = True, span: float | None = None, gap: int = 1
) -> QImage:
    """(K, H, W) maps -> as many as fit into width x height side by side, one colour scale for all.

    The picture is one pixel a value with ``gap`` transparent pixels between, to be drawn without smoothing.
    """
    array = np.asarray(values, dtype=np.float32)
    count, rows, columns = array.shape
    across, down = fit_grid(count, columns + gap, rows + gap, width, height)
    shown = array[: across * down]
    if signed:
        words = colormaps.signed()[colormaps.signed_index(shown, _span(array, span, 0.0))]
    else:
        low, high = _bounds(array)
        words = colormaps.viridis()[colormaps.linear_index(shown, low, span or high)]
    return colormaps.image(mosaic(words, across, down, gap))


def mosaic(words: NDArray[np.uint32], across: int, down: int, gap: int) -> NDArray[np.uint32]:
    """(K, H, W) words -> (down (H + gap) - gap, across (W + gap) - gap), missing tiles transparent."""
    count, rows, columns = words.shape
    board = np.full((across * down, rows + gap, columns + gap), TRANSPARENT, dtype=np.uint32)
    board[:count, :rows, :columns] = words
    board = board.reshape(down, across, rows + gap, columns + gap).transpose(0, 2, 1, 3)
    whole = board.reshape(down * (rows + gap), across * (columns + gap))
    return whole[: whole.shape[0] - gap, : whole.shape[1] - gap]


def fit_grid(count: int, tile_width: float, tile_height: float, width: float, height: float) -> tuple[int, int]:
    """(columns, rows) that show ``count`` equal tiles as large as possible in width x height."""
    best, chosen = 0.0, (count, 1)
    for across in range(1, count + 1):
        down = math.ceil(count / across)
        scale = min(width / (across * tile_width), height / (down * tile_height))
        if scale > best:
            best, chosen = scale, (across, down)
    return chosen


def histogram(
    counts: ArrayLike,
    width: int,
    height: int,
    *,
    edges: tuple[float, float] | None = None,
    log: bool = True,
    ink: str = "",
    ratio: float = 1.0,
) -> QImage:
    """(B,) counts -> filled outline, heights log(1 + n) by default; with ``edges`` (first, last) a line marks zero."""
    array = np.asarray(counts, dtype=float)
    heights = np.log1p(array) if log else array
    top = float(heights.max(initial=0.0)) or 1.0
    # Filled by NumPy: a painted polygon of 128 corners takes ten times as long.
    wide, high = max(1, round(width * ratio)), max(1, round(height * ratio))
    column = np.minimum(np.arange(wide) * len(array) // wide, max(0, len(array) - 1))
    level = (high - 1 - heights[column] / top * (high - 1)) if len(array) else np.full(wide, high - 1.0)
    rows = np.arange(high)[:, None]
    line = max(1.0, ratio)
    previous = np.concatenate((level[:1], level[:-1]))
    edge = (rows >= np.minimum(level, previous)) & (rows < np.maximum(level, previous) + line)
    hue = ink or theme().accent
    words = np.where(rows >= level, _word(hue, 0.28), TRANSPARENT)
    words = np.where(edge, _word(hue, 1.0), words)
    if edges is not None and edges[0] < 0 < edges[1]:
        zero = int(-edges[0] / (edges[1] - edges[0]) * wide)
        words[:, zero : zero + int(line)] = _word(theme().secondary, 0.8)
    result = colormaps.image(words)
    result.setDevicePixelRatio(ratio)
    return result


def _word(value: str, alpha: float) -> np.uint32:
    return np.uint32(color(value, alpha).rgba())


def scatter(
    points: ArrayLike,
    values: ArrayLike,
    width: int,
    height: int,
    *,
    extent: tuple[float, float, float, float] | None = None,
    classes: bool = True,
    ratio: float = 1.0,
) -> QImage:
    """(N, 2) points, coloured by class index (N,) or by signed value (N,); at most 400 are drawn, evenly chosen."""
    places = np.asarray(points, dtype=float)
    marks = np.asarray(values).reshape(len(places))
    stride = max(1, math.ceil(len(places) / 400))
    places, marks = places[::stride], marks[::stride]
    result = _blank(width, height, ratio)
    if not len(places):
        return result
    x, y = (axis.tolist() for axis in _to_pixels(places, extent, width, height))
    painter = QPainter(result)
    groups = marks.astype(int) if classes else (marks > 0).astype(int)
    for group in np.unique(groups):
        hue = theme().class_color(int(group)) if classes else (theme().negative, theme().positive)[int(group)]
        dot = _dot(hue, ratio)
        half = dot.width() / ratio / 2
        for index in np.flatnonzero(groups == group).tolist():
            painter.drawImage(QPointF(x[index] - half, y[index] - half), dot)
    painter.end()
    return result


@lru_cache(maxsize=64)
def _dot(hue: str, ratio: float) -> QImage:
    """One point, painted once and stamped for each place."""
    result = _blank(4, 4, ratio)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(hue))
    painter.drawEllipse(QPointF(2, 2), 1.7, 1.7)
    painter.end()
    return result


def bars(
    values: ArrayLike, width: int, height: int, *, highlight: int | None = None, ink: str = "", ratio: float = 1.0
) -> QImage:
    """(C,) shares 0..1 (probabilities) -> upright bars, one of them stressed."""
    array = np.clip(np.nan_to_num(np.asarray(values, dtype=float)), 0, 1)
    result = _blank(width, height, ratio)
    painter = QPainter(result)
    hue = ink or theme().accent
    step = width / max(1, len(array))
    room = step - (2 if step > 6 else 0)
    for index, value in enumerate(array):
        shade = hue if highlight in (None, index) else blend(theme().panel, hue, 0.5)
        painter.fillRect(QRectF(index * step, height - 1, room, 1), color(blend(theme().panel, hue, 0.5)))
        painter.fillRect(QRectF(index * step, (height - 1) * (1 - value), room, height * value), color(shade))
    painter.end()
    return result


def _blank(width: int, height: int, ratio: float) -> QImage:
    result = QImage(QSize(max(1, round(width * ratio)), max(1, round(height * ratio))), QImage.Format.Format_ARGB32)
    result.setDevicePixelRatio(ratio)
    result.fill(Qt.GlobalColor.transparent)
    return result


def _span(array: NDArray[np.float32], span: float | None, center: float) -> float:
    if span is not None:
        return span
    finite = array[np.isfinite(array)]
    return float(np.abs(finite - center).max(initial=0.0))


def _bounds(array: NDArray[np.float32]) -> tuple[float, float]:
    finite = array[np.isfinite(array)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _to_pixels(
    places: NDArray[np.float64], extent: tuple[float, float, float, float] | None, width: int, height: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Data to pixels; ``extent`` = (x low, x high, y low, y high), by default what holds all points."""
    if extent is None:
        low, high = places.min(axis=0), places.max(axis=0)
    else:
        low, high = np.array([extent[0], extent[2]]), np.array([extent[1], extent[3]])
    size = np.where(high > low, high - low, 1.0)
    share = (places - low) / size
    return 3 + share[:, 0] * (width - 6), 3 + (1 - share[:, 1]) * (height - 6)
