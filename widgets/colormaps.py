"""Values to colours: viridis for magnitudes, orange - neutral - blue for signed values.

A table is 256 ARGB words; an index picture (uint8) turned through a table is an image in one NumPy take.
"""

from __future__ import annotations

import base64
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtGui import QColor, QImage

from widgets.tokens import theme

Table = NDArray[np.uint32]
Index = NDArray[np.uint8]

# Stefan van der Walt and Nathaniel Smith, matplotlib 2015, released as CC0: 256 x RGB.
_VIRIDIS = (
    b"RAFURAJWRQRXRQVZRgdaRghcRgpdRgteRw1gRw5hRxBjRxFkRxNlSBRnSBZoSBdpSBhqSBpsSBttSBxuSB1vSB9wSCBxSCFzSCN0SCR1SCV2"
    b"SCZ3SCh4SCl5Ryp6Ryx6Ry17Ry58Ry99RjB+RjJ+RjN/RjSARTWBRTeBRTiCRDmDRDqDRDuEQz2EQz6FQj+FQkCGQkGGQUKHQUSHQEWIQEaI"
    b"P0eIP0iJPkmJPkqJPkyKPU2KPU6KPE+KPFCLO1GLO1KLOlOLOlSMOVWMOVaMOFiMOFmMN1qMN1uNNlyNNl2NNV6NNV+NNGCNNGGNM2KNM2ON"
    b"MmSOMmWOMWaOMWeOMWiOMGmOMGqOL2uOL2yOLm2OLm6OLm+OLXCOLXGOLHGOLHKOLHOOK3SOK3WOKnaOKneOKniOKXmOKXqOKXuOKHyOKH2O"
    b"J36OJ3+OJ4COJoGOJoKOJoKOJYOOJYSOJYWOJIaOJIeOI4iOI4mOI4qNIouNIoyNIo2NIY6NIY+NIZCNIZGMIJKMIJKMIJOMH5SMH5WLH5aL"
    b"H5eLH5iLH5mKH5qKHpuKHpyJHp2JH56JH5+IH6CIH6GIH6GHH6KHIKOGIKSGIaWFIaaFIqeFIqiEI6mDJKqDJauCJayCJq2BJ62BKK6AKa9/"
    b"KrB/LLF+LbJ9LrN8L7R8MbV7MrZ6NLZ5Nbd5N7h4OLl3Orp2O7t1Pbx0P7xzQL1yQr5xRL9wRsBvSMFuSsFtTMJsTsNrUMRqUsVpVMVoVsZn"
    b"WMdlWshkXMhjXsliYMpgY8tfZcteZ8xcac1bbM1abs5YcM9Xc9BWddBUd9FTetFRfNJQf9NOgdNNhNRLhtVJidVIi9ZGjtZFkNdDk9dBldhA"
    b"mNg+m9k8ndk7oNo5oto3pds2qNs0qtwyrdwwsN0vst0ttd4ruN4put4ovd8mwN8lwt8jxeAhyOAgyuEfzeEd0OEc0uIb1eIa2OIZ2uMZ3eMY"
    b"3+MY4uQY5eQZ5+QZ6uUa7OUb7+Uc8eUd9OYe9uYg+OYh++cj/ecl"
)


def _argb(rgb: NDArray[np.floating] | NDArray[np.integer]) -> Table:
    """(..., 3) channels 0..255 -> (...) words 0xFFRRGGBB."""
    parts = np.asarray(np.rint(rgb), dtype=np.uint32)
    return np.uint32(0xFF000000) | (parts[..., 0] << 16) | (parts[..., 1] << 8) | parts[..., 2]


def rgb(value: str) -> NDArray[np.float64]:
    """``#RRGGBB`` -> three channels 0..255."""
    c = QColor(value)
    return np.array([c.red(), c.green(), c.blue()], dtype=float)


@lru_cache(maxsize=1)
def viridis() -> Table:
    """(256,) table for magnitudes, dark = small."""
    table = _argb(np.frombuffer(base64.b64decode(_VIRIDIS), dtype=np.uint8).reshape(256, 3))
    table.setflags(write=False)
    return table


@lru_cache(maxsize=16)
def diverging(negative: str, neutral: str, positive: str) -> Table:
    """(256,) table: entry 128 is exactly ``neutral``, 1 and 255 the ends, so that signs mirror."""
    share = np.clip((np.arange(256) - 128) / 127, -1, 1)[:, None]
    end = np.where(share < 0, rgb(negative), rgb(positive))
    table = _argb(rgb(neutral) + np.abs(share) * (end - rgb(neutral)))
    table.setflags(write=False)
    return table


def signed() -> Table:
    """The signed table of the current theme: orange - panel - blue."""
    return diverging(theme().negative, theme().neutral, theme().positive)


@lru_cache(maxsize=32)
def ramp(low: str, high: str) -> Table:
    """(256,) table from one colour to another."""
    share = np.linspace(0, 1, 256)[:, None]
    table = _argb(rgb(low) + share * (rgb(high) - rgb(low)))
    table.setflags(write=False)
    return table


def gray() -> Table:
    """(256,) table for pictures: black to white in every theme."""
    return ramp("#000000", "#FFFFFF")


def signed_index(values: ArrayLike, span: float, center: float = 0.0) -> Index:
    """``128 + 127 (v - center) / span``; a span of 0 shows everything neutral. NaN is shown neutral."""
    array = np.asarray(values, dtype=np.float32)
    scale = 127.0 / span if span > 0 and np.isfinite(span) else 0.0
    with np.errstate(invalid="ignore", over="ignore"):  # what diverged is shown, too
        place = np.asarray((array - np.float32(center)) * np.float32(scale))
    return _rounded(place + np.float32(128), 1, 255, lost=128)


def linear_index(values: ArrayLike, low: float, high: float) -> Index:
    """``255 (v - low) / (high - low)``, clipped; NaN is shown as low."""
    array = np.asarray(values, dtype=np.float32)
    scale = 255.0 / (high - low) if high > low else 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        place = np.asarray((array - np.float32(low)) * np.float32(scale))
    return _rounded(place, 0, 255, lost=0)


def _rounded(place: NDArray[np.float32], low: int, high: int, *, lost: int) -> Index:
    """Clipped whole numbers; infinities are clipped too, NaN is ``lost``. A picture has few NaN, mostly none."""
    place = np.rint(np.clip(place, low, high))
    unknown = np.isnan(place)
    if unknown.any():
        place = np.where(unknown, np.float32(lost), place)
    return place.astype(np.uint8)


def log_index(values: ArrayLike, low: float, high: float) -> Index:
    """``255 log(v / low) / log(high / low)`` for 0 < low < high, clipped; v <= 0 and NaN are shown as low."""
    array = np.abs(np.asarray(values, dtype=np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        return linear_index(np.log10(array), float(np.log10(low)), float(np.log10(high)))


def image(words: NDArray[np.uint32]) -> QImage:
    """(H, W) ARGB words -> a QImage that owns its pixels."""
    data = np.ascontiguousarray(words)
    height, width = data.shape
    return QImage(data.data, width, height, 4 * width, QImage.Format.Format_ARGB32).copy()


def words_of_rgb(picture: ArrayLike) -> NDArray[np.uint32]:
    """A picture (H, W), (1, H, W) or (3, H, W), uint8 or 0..1, -> (H, W) words as it is."""
    array = np.asarray(picture)
    if array.dtype != np.uint8:
        array = np.clip(np.nan_to_num(array) * 255.0 + 0.5, 0, 255).astype(np.uint8)
    if array.ndim == 2 or array.shape[0] == 1:
        return gray()[array.reshape(array.shape[-2:])]
    if array.ndim != 3 or array.shape[0] != 3:
        raise ValueError(f"picture: expected (H, W), (1, H, W) or (3, H, W), got {array.shape}")
    return _argb(np.moveaxis(array, 0, -1))
