"""Lucide icons (ISC, see resources/icons/LICENSE) in the colours of the theme.

``icon(name)`` gives a QIcon; ``bind_icon(target, name)`` keeps a button or an action in step with the theme;
``paint_icon`` draws one inside a paint event. ``NAMES`` lists what there is: Lucide's own names and our ``ALIASES``.
"""

from __future__ import annotations

import re
import weakref
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QByteArray, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from widgets import tokens
from widgets.tokens import GROUPS, theme

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "icons"

ALIASES = {
    "stop": "square",
    "step": "step-forward",
    "epoch": "fast-forward",
    "reset": "rotate-ccw",
    "new-seed": "dices",
    "dice": "dices",
    "undo": "undo-2",
    "redo": "redo-2",
    "trash": "trash-2",
    "duplicate": "copy-plus",
    "layout": "layout-dashboard",
    "arrange": "workflow",
    "warning": "triangle-alert",
    "error": "circle-alert",
    "help": "circle-question-mark",
    "frozen": "snowflake",
    "bar-chart": "chart-column",
    "grid": "grid-3x3",
    "dropout": "droplet",
    "muted": "volume-x",
    "doctor": "stethoscope",
    "waterfall": "waves",
    "more": "ellipsis",
    "group-data": "database",
    "group-dense": "network",
    "group-convolution": "scan",
    "group-pooling": "shrink",
    "group-normalization": "sliders-horizontal",
    "group-activation": "spline",
    "group-regularization": "shield",
    "group-merge": "git-merge",
    "group-attention": "focus",
    "group-output": "target",
}
"""Names by use; each stands for one of Lucide's."""

NAMES = tuple(sorted({path.stem for path in FOLDER.glob("*.svg")} | set(ALIASES)))


class HasIcon(Protocol):
    def setIcon(self, icon: QIcon, /) -> None: ...


class UnknownIconError(KeyError):
    """Asked for an icon that is not vendored."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no icon {name!r} in resources/icons; there are {', '.join(NAMES)}")


@lru_cache(maxsize=512)
def _renderer(name: str, color: str) -> QSvgRenderer:
    path = FOLDER / f"{ALIASES.get(name, name)}.svg"
    if not path.exists():
        raise UnknownIconError(name)
    text = re.sub(r"currentColor", color, path.read_text(encoding="utf-8"))
    return QSvgRenderer(QByteArray(text.encode()))


@lru_cache(maxsize=1024)
def _cached(name: str, color: str, size: int, ratio: float) -> QPixmap:
    renderer = _renderer(name, color)
    result = QPixmap(round(size * ratio), round(size * ratio))
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result


def pixmap(name: str, color: str = "", size: int = tokens.ICON_SMALL, ratio: float = 1.0) -> QPixmap:
    """A cached pixmap of ``size`` logical pixels; ``color`` is ``#RRGGBB``, by default the text colour."""
    return _cached(name, color or theme().text, size, ratio)


def icon(name: str, color: str = "", size: int = tokens.ICON) -> QIcon:
    """A QIcon with normal and disabled pictures at one, two and three times the size."""
    result = QIcon()
    for ratio in (1.0, 2.0, 3.0):
        result.addPixmap(pixmap(name, color or theme().text, size, ratio), QIcon.Mode.Normal)
        result.addPixmap(pixmap(name, theme().disabled, size, ratio), QIcon.Mode.Disabled)
    return result


def group_icon(group: str) -> str:
    """Name of the icon of a layer group."""
    return f"group-{group}" if group in GROUPS else "layers"


def bind_icon(target: HasIcon, name: str, role: str = "text", size: int = tokens.ICON) -> None:
    """Sets the icon now and whenever the theme changes; ``role`` names a colour of :class:`~widgets.tokens.Theme`."""
    assert isinstance(target, QObject)
    target.setProperty("icon_name", name)
    target.setProperty("icon_role", role)
    if target.property("icon_bound"):
        target.setIcon(icon(name, getattr(theme(), role), size))
        return
    target.setProperty("icon_bound", True)
    reference = weakref.ref(target)

    def refresh() -> None:
        alive = reference()
        if alive is not None:
            alive.setIcon(icon(alive.property("icon_name"), getattr(theme(), alive.property("icon_role")), size))

    tokens.on_theme(target, refresh)


def paint_icon(painter: QPainter, name: str, rect: QRectF, color: str = "", *, vector: bool = False) -> None:
    """Draws an icon into ``rect``: cached pixels on screen, outlines when ``vector`` (export)."""
    if vector:
        _renderer(name, color or theme().text).render(painter, rect)
        return
    device = painter.device()
    scale = abs(painter.worldTransform().m11()) or 1.0
    ratio = (device.devicePixelRatio() if device else 1.0) * scale
    # Quarter steps keep the cache small while somebody zooms.
    picture = pixmap(name, color, max(1, round(rect.width())), max(0.25, round(ratio * 4) / 4))
    painter.drawPixmap(rect, picture, QRectF(QPointF(0, 0), picture.size().toSizeF()))
