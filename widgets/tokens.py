"""The one file of colours, sizes and fonts.

Everything that paints asks ``theme()`` for the current :class:`Theme` (hex strings, see VISUAL's table of tokens) and
repaints when ``theme_changed`` fires. ``apply_theme`` is the only place where palette, style sheet, application font
and pyqtgraph's options are set.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

Mode = Literal["dark", "light", "system"]

GROUPS = (
    "data",
    "dense",
    "convolution",
    "pooling",
    "normalization",
    "activation",
    "regularization",
    "merge",
    "attention",
    "output",
)
"""The layer groups, in palette order. An unknown group is shown in the colour of "data"."""


@dataclass(frozen=True)
class Theme:
    """Colours of one theme as ``#RRGGBB``. Names say the use, not the hue."""

    name: str
    canvas: str
    grid: str
    panel: str
    raised: str
    sunken: str
    border: str
    text: str
    secondary: str
    disabled: str
    accent: str
    on_accent: str
    good: str
    warning: str
    error: str
    outline: str
    hover: str
    plot_grid: str
    negative: str
    positive: str
    run_b: str
    groups: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def dark(self) -> bool:
        return self.name == "dark"

    @property
    def run_a(self) -> str:
        return self.accent

    @property
    def neutral(self) -> str:
        """Middle of the signed map: the colour of what lies behind."""
        return self.panel

    def group(self, group: str) -> str:
        """Colour of a layer group."""
        return self.groups[GROUPS.index(group)] if group in GROUPS else self.groups[0]

    def class_color(self, index: int) -> str:
        """Colour of class ``index``; after the last one they start over (labels say the rest)."""
        return self.classes[index % len(self.classes)]


DARK = Theme(
    name="dark",
    canvas="#15171C",
    grid="#262A33",
    panel="#1C1F26",
    raised="#252A34",
    sunken="#15171C",
    border="#323845",
    text="#E6E8EC",
    secondary="#9AA1AD",
    disabled="#626A78",
    accent="#5B9DFF",
    on_accent="#0B1220",
    good="#3FB68B",
    warning="#E0A43B",
    error="#EB6B59",
    outline="#6F7889",
    hover="#2E3441",
    plot_grid="#2A2F3A",
    negative="#E8743B",
    positive="#4C8DF6",
    run_b="#E0A43B",
    groups=(
        "#8C9AB4",
        "#4A90F0",
        "#26A69A",
        "#A479E0",
        "#E0A43B",
        "#E8663C",
        "#DD7FB4",
        "#58B368",
        "#8187F2",
        "#7C8390",
    ),
    classes=(
        "#E8743B",
        "#4C8DF6",
        "#2BB59A",
        "#E0B33B",
        "#DD7FB4",
        "#A479E0",
        "#7FC8F0",
        "#9BB83A",
        "#C9A27A",
        "#9AA1AD",
    ),
)

LIGHT = Theme(
    name="light",
    canvas="#F6F7F9",
    grid="#E1E4EA",
    panel="#FFFFFF",
    raised="#FFFFFF",
    sunken="#F6F7F9",
    border="#D5D9E0",
    text="#1B1E24",
    secondary="#59616E",
    disabled="#A3AAB6",
    accent="#1A66DC",
    on_accent="#FFFFFF",
    good="#157A57",
    warning="#955E00",
    error="#C93A27",
    outline="#868E9B",
    hover="#EEF1F5",
    plot_grid="#E6E9EE",
    negative="#DE6423",
    positive="#3A78E0",
    run_b="#955E00",
    groups=(
        "#6F7E99",
        "#2F73DC",
        "#0F8A7D",
        "#8555CC",
        "#B27700",
        "#D2521F",
        "#C2599A",
        "#37873F",
        "#5A5FD6",
        "#5B626E",
    ),
    classes=(
        "#DE6423",
        "#3A78E0",
        "#0F8A7D",
        "#A87900",
        "#C2599A",
        "#8555CC",
        "#2C86B8",
        "#6B8015",
        "#946B3C",
        "#6B7280",
    ),
)

SPACE_1, SPACE_2, SPACE_3, SPACE_4, SPACE_6 = 4, 8, 12, 16, 24
"""Spacing on a 4 px grid."""
RADIUS = 6
RADIUS_SMALL = 4
ICON_SMALL, ICON = 16, 20
CONTROL_HEIGHT = 26
LINE_WIDTH = 2.0
CURVE_WIDTH = 1.75
NODE_WIDTH = 168
NODE_EDGE = 4
MOTION_MS = 150

SIZE_CAPTION, SIZE_BODY, SIZE_TITLE, SIZE_HEADING = 9, 10, 12, 16
"""Type scale in points."""
_SIZES = {"caption": SIZE_CAPTION, "body": SIZE_BODY, "title": SIZE_TITLE, "heading": SIZE_HEADING}
Size = Literal["caption", "body", "title", "heading"]

DASHES: dict[str, Qt.PenStyle] = {
    "train": Qt.PenStyle.SolidLine,
    "validation": Qt.PenStyle.DashLine,
    "test": Qt.PenStyle.DotLine,
}
"""Pen style per split."""


class _Notifier(QObject):
    """Carries the signal; emitted after palette, style sheet and tokens have changed."""

    changed = Signal()


_notifier = _Notifier()
theme_changed = _notifier.changed
"""Signal without arguments: ``theme_changed.connect(self.update)``."""

_state: dict[str, object] = {"theme": DARK, "scale": 1.0, "mode": "dark", "motion": True, "watching": False}


def theme() -> Theme:
    """The theme in force."""
    return cast(Theme, _state["theme"])


def mode() -> Mode:
    """What was asked for: "dark", "light" or "system"."""
    return cast(Mode, _state["mode"])


def color(value: str, alpha: float = 1.0) -> QColor:
    """``#RRGGBB`` with an opacity 0..1 as a QColor."""
    result = QColor(value)
    if alpha < 1.0:
        result.setAlphaF(alpha)
    return result


def blend(back: str, front: str, share: float) -> str:
    """``(1 - share) back + share front`` per channel, as ``#RRGGBB``: for paling without transparency."""
    a, b = QColor(back), QColor(front)
    red, green, blue = (
        round((1 - share) * p + share * q)
        for p, q in zip((a.red(), a.green(), a.blue()), (b.red(), b.green(), b.blue()), strict=True)
    )
    return f"#{red:02X}{green:02X}{blue:02X}"


def contrast(first: str, second: str) -> float:
    """WCAG contrast ``(L1 + 0.05) / (L2 + 0.05)``, 1 to 21 (W3C, Web Content Accessibility Guidelines 2.1)."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(value: str) -> float:
    c = QColor(value)
    parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c.redF(), c.greenF(), c.blueF())]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def motion() -> bool:
    """False when the person asked for reduced motion: then nothing is animated."""
    return bool(_state["motion"])


def reduce_motion(reduced: bool) -> None:
    _state["motion"] = not reduced


def font_scale() -> float:
    return cast(float, _state["scale"])


def font(size: Size = "body", *, bold: bool = False) -> QFont:
    """The UI font at a step of the type scale, with figures of equal width, Korean glyphs behind it."""
    result = QFont()
    result.setFamilies(_families())
    result.setPointSizeF(_SIZES[size] * font_scale())
    result.setFeature(QFont.Tag("tnum"), 1)
    if bold:
        result.setWeight(QFont.Weight.DemiBold)
    return result


def mono_font(size: Size = "body") -> QFont:
    """The system's font of even width at a step of the type scale: for program text."""
    result = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    result.setPointSizeF(_SIZES[size] * font_scale())
    return result


_LATIN_CHOICE = ("Inter", "Noto Sans", "Segoe UI", "Cantarell", "Ubuntu", "DejaVu Sans", "Liberation Sans")

_ALIASES = ("Sans Serif", "Sans", "Serif", "Monospace")


def _families() -> list[str]:
    """The system's UI family, then one for Korean. An alias such as "Sans Serif" is resolved here, because in a list
    of families Qt would skip it and write everything in the Korean one."""
    if "families" not in _state:
        wanted = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).families()
        there = set(QFontDatabase.families())
        private = [name for name in wanted if name.startswith(".")]
        latin = private or [name for name in wanted if name in there and name not in _ALIASES]
        latin = latin or [name for name in _LATIN_CHOICE if name in there][:1] or wanted
        korean = korean_family()
        _state["families"] = [*latin, korean] if korean and korean not in latin else latin
    return cast(list[str], _state["families"])


_KOREAN_CHOICE = ("Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", "NanumGothic")


def korean_family() -> str:
    """A family that can write Korean, "" if there is none."""
    if "korean" not in _state:
        families = QFontDatabase.families(QFontDatabase.WritingSystem.Korean)
        known = [name for name in _KOREAN_CHOICE if name in families]
        _state["korean"] = (known or families or [""])[0]
    return cast(str, _state["korean"])


def missing_glyphs(language: str) -> str:
    """What to install so that ``language`` can be read here, "" when nothing is missing."""
    if language == "ko" and not korean_family():
        return "No installed font has Korean letters. Install one, for example: apt-get install fonts-nanum"
    return ""


def scaled(pixels: float) -> int:
    """Pixels that grow with the chosen font size (row heights, column widths)."""
    return math.ceil(pixels * font_scale())


def system_is_dark() -> bool:
    """What the desktop asks for; without an answer the window colour of its palette decides."""
    hints = QGuiApplication.styleHints()
    scheme = hints.colorScheme() if hints else Qt.ColorScheme.Unknown
    if scheme == Qt.ColorScheme.Unknown:
        if sys.platform == "win32":
            key = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
            return QSettings(key, QSettings.Format.NativeFormat).value("AppsUseLightTheme", 1) in (0, "0")
        return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128
    return scheme == Qt.ColorScheme.Dark


def apply_theme(app: QApplication, mode: Mode = "system", font_scale: float = 1.0) -> Theme:
    """Fusion with our palette, style sheet and font; configures pyqtgraph when it is loaded; tells every widget."""
    from widgets import stylesheet

    chosen = DARK if mode == "dark" or (mode == "system" and system_is_dark()) else LIGHT
    _state.update(theme=chosen, scale=font_scale, mode=mode)
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(stylesheet.palette(chosen))
    app.setFont(font("body"))
    app.setStyleSheet(stylesheet.stylesheet(chosen))
    if "pyqtgraph" in sys.modules:
        configure_pyqtgraph()
    if not _state["watching"]:
        _state["watching"] = True
        QGuiApplication.styleHints().colorSchemeChanged.connect(_follow_system)
    _notifier.changed.emit()
    return chosen


def _follow_system() -> None:
    app = QApplication.instance()
    wanted = DARK if system_is_dark() else LIGHT
    if mode() == "system" and isinstance(app, QApplication) and wanted is not theme():
        apply_theme(app, "system", font_scale())


def configure_pyqtgraph() -> None:
    """pyqtgraph's options; called when it is first imported by a plot and at each change of theme."""
    import pyqtgraph

    pyqtgraph.setConfigOptions(
        background=theme().panel, foreground=theme().secondary, antialias=True, imageAxisOrder="row-major"
    )


def on_theme(widget: QObject, callback: Callable[[], None]) -> None:
    """Calls ``callback`` now and at each change of theme, until ``widget`` is destroyed."""
    callback()
    connection = theme_changed.connect(callback)
    widget.destroyed.connect(lambda: QObject.disconnect(connection))
