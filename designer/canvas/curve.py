"""The curve of a wire: cubic where it runs forward, a bow through the space between rows where it runs back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QTransform

Points = NDArray[np.float64]
_BOW = 34.0
#: how far from the row that it leads to a returning wire runs: half of what auto layout leaves between rows
_LANE = 40.0
#: x and y swapped
_TURN = QTransform(0, 1, 1, 0, 0, 0)


def wire_path(
    start: QPointF,
    end: QPointF,
    source: QRectF,
    target: QRectF,
    through: Sequence[tuple[float, float]] = (),
    down: bool = False,
) -> QPainterPath:
    """From an output port to an input port. ``source``, ``target``: the cards, which a wire that runs back avoids.

    ``down``: the flow runs from top to bottom; the same curve, turned.
    """
    if down:
        turned = (source.topLeft(), source.bottomRight(), target.topLeft(), target.bottomRight())
        a, b, c, d = (p.transposed() for p in turned)
        led = tuple((y, x) for x, y in through)
        return _TURN.map(wire_path(start.transposed(), end.transposed(), QRectF(a, b), QRectF(c, d), led))
    path = QPainterPath(start)
    if through:
        for x, y in (*through, (end.x(), end.y())):
            if x >= path.currentPosition().x() + 12 or path.elementCount() > 1:
                _forward(path, QPointF(x, y))
            else:
                _back(path, QPointF(x, y), source, target)
    elif end.x() >= start.x() + 12:
        _forward(path, end)
    else:
        _back(path, end, source, target)
    return path


def _forward(path: QPainterPath, end: QPointF) -> None:
    start = path.currentPosition()
    across, down = end.x() - start.x(), abs(end.y() - start.y())
    if down < 0.5:
        path.lineTo(end)
        return
    reach = min(max(across * 0.5, min(down * 0.5, 60.0)), 160.0)
    path.cubicTo(start.x() + reach, start.y(), end.x() - reach, end.y(), end.x(), end.y())


def _back(path: QPainterPath, end: QPointF, source: QRectF, target: QRectF) -> None:
    """Out to the right, along the lane between the two rows, in from the left."""
    start = path.currentPosition()
    if target.top() >= source.bottom() + 16:
        lane = max((source.bottom() + target.top()) / 2, target.top() - _LANE)
    elif source.top() >= target.bottom() + 16:
        lane = min((source.top() + target.bottom()) / 2, target.bottom() + _LANE)
    else:
        lane = max(source.bottom(), target.bottom()) + 32
    right = start.x() + min(_BOW, abs(lane - start.y()) * 0.6)
    left = end.x() - min(_BOW, abs(lane - end.y()) * 0.6)
    corner = min(90.0, abs(start.x() - end.x()) / 2)
    path.cubicTo(right, start.y(), right, lane, start.x() - corner * 0.6, lane)
    path.lineTo(end.x() + corner * 0.6, lane)
    path.cubicTo(left, lane, left, end.y(), end.x(), end.y())


_T = np.linspace(0.0, 1.0, 17)[1:, None]
_BASIS = ((1 - _T) ** 3, 3 * (1 - _T) ** 2 * _T, 3 * (1 - _T) * _T**2, _T**3)


def polyline(path: QPainterPath) -> Points:
    """(n, 2) points along the path: 16 for each cubic, the ends of each straight piece."""
    corners = np.array([(e.x, e.y) for e in map(path.elementAt, range(path.elementCount()))])  # type: ignore[attr-defined]
    parts, k = [corners[:1]], 1
    while k < len(corners):
        if path.elementAt(k).isLineTo():
            parts.append(corners[k : k + 1])
            k += 1
        else:
            four = corners[k - 1 : k + 3]
            parts.append(sum(b * p for b, p in zip(_BASIS, four, strict=True)))  # type: ignore[arg-type]
            k += 3
    return np.concatenate(parts)


def offset(points: Points, distance: float) -> Points:
    """The polyline moved by ``distance`` to its left (upwards where it runs to the right), like a lane of a road."""
    step = np.diff(points, axis=0)
    step = step / np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)[:, None]
    along = np.concatenate([step[:1], step[:-1] + step[1:], step[-1:]])
    length = np.hypot(along[:, 0], along[:, 1])
    length[length == 0] = 1.0
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1) / length[:, None]
    return points + distance * normal


def cross(first: Points, second: Points) -> bool:
    """True if any segment of one polyline crosses any of the other."""
    a, b = first[:-1, None, :], first[1:, None, :]
    c, d = second[None, :-1, :], second[None, 1:, :]
    return bool(np.any((_side(a, b, c) * _side(a, b, d) <= 0) & (_side(c, d, a) * _side(c, d, b) <= 0)))


def _side(a: Points, b: Points, c: Points) -> Points:
    """Twice the signed area of the triangle a b c."""
    area: Points = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
    return area
