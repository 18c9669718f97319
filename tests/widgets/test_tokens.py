"""The tokens can be read by everybody, and nothing beside them names a colour."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QPushButton

from widgets import tokens
from widgets.tokens import DARK, GROUPS, LIGHT, Theme, contrast

ROOT = Path(__file__).resolve().parents[2]
THEMES = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])


def test_contrast_follows_the_definition():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#777777") == pytest.approx(1.0)
    # A pair that WCAG's own examples name as the darkest grey that still passes on white.
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@THEMES
@pytest.mark.parametrize("name", ["text", "secondary", "accent", "good", "warning", "error"])
@pytest.mark.parametrize("ground", ["canvas", "panel", "raised"])
def test_text_is_readable(theme: Theme, name: str, ground: str):
    assert contrast(getattr(theme, name), getattr(theme, ground)) >= 4.5


@THEMES
def test_text_is_readable_on_hover_and_accent(theme: Theme):
    assert contrast(theme.text, theme.hover) >= 4.5
    assert contrast(theme.secondary, theme.hover) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 4.5


@THEMES
@pytest.mark.parametrize("ground", ["canvas", "panel", "raised"])
def test_lines_and_icons_are_visible(theme: Theme, ground: str):
    lines = {name: getattr(theme, name) for name in ("outline", "negative", "positive", "run_a", "run_b")}
    lines |= {f"group {name}": theme.group(name) for name in GROUPS}
    lines |= {f"class {i}": hue for i, hue in enumerate(theme.classes)}
    low = {n: round(contrast(c, getattr(theme, ground)), 2) for n, c in lines.items()}
    assert {n: value for n, value in low.items() if value < 3.0} == {}


@THEMES
def test_groups_have_a_colour_each(theme: Theme):
    assert len(theme.groups) == len(GROUPS) == len(set(theme.groups))
    assert theme.group("no such group") == theme.group("data")


def test_themes_are_visuals_own():
    assert (DARK.canvas, DARK.panel, DARK.text, DARK.accent) == ("#15171C", "#1C1F26", "#E6E8EC", "#5B9DFF")
    assert (LIGHT.canvas, LIGHT.panel, LIGHT.text, LIGHT.accent) == ("#F6F7F9", "#FFFFFF", "#1B1E24", "#1A66DC")


def test_switching_the_theme_reaches_palette_widgets_and_listeners(qapp, qtbot):
    button = QPushButton("x")
    qtbot.addWidget(button)
    heard: list[str] = []
    tokens.on_theme(button, lambda: heard.append(tokens.theme().name))
    tokens.apply_theme(qapp, "light")
    assert heard == ["dark", "light"]
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == LIGHT.panel
    assert LIGHT.accent in qapp.styleSheet()
    assert "@" not in qapp.styleSheet(), "a placeholder of the style sheet was not filled"


def test_system_mode_takes_one_of_the_two(qapp):
    assert tokens.apply_theme(qapp, "system") is (DARK if tokens.system_is_dark() else LIGHT)
    assert tokens.mode() == "system"


def test_font_size_scales(qapp):
    tokens.apply_theme(qapp, "dark", font_scale=1.5)
    assert tokens.font("body").pointSizeF() == pytest.approx(15.0)
    assert qapp.font().pointSizeF() == pytest.approx(15.0)
    assert tokens.scaled(26) == 39


def test_korean_stands_behind_the_latin_family_and_is_missed_when_absent(monkeypatch):
    families = tokens.font().families()
    if tokens.korean_family():
        assert families[-1] == tokens.korean_family() and len(families) >= 2
        assert tokens.missing_glyphs("ko") == ""
    monkeypatch.setitem(tokens._state, "korean", "")
    assert "fonts-nanum" in tokens.missing_glyphs("ko")
    assert tokens.missing_glyphs("en") == ""


def test_blend_and_color():
    assert tokens.blend("#000000", "#FFFFFF", 0.5) == "#808080"
    assert tokens.color("#102030", 0.5).alpha() in (127, 128)


def test_no_colour_is_named_outside_the_tokens():
    """Black and white of grey pictures are the only exception: data, not looks."""
    found = []
    for path in [*(ROOT / "widgets").rglob("*.py")]:
        if path.name == "tokens.py":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for value in re.findall(r"\"#[0-9A-Fa-f]{6}\"", line):
                if value not in ('"#000000"', '"#FFFFFF"'):
                    found.append(f"{path.name}:{number} {value}")
    assert found == []


@THEMES
def test_icons_of_the_style_sheet_have_the_tokens_colours(theme: Theme):
    folder = ROOT / "resources" / "icons" / "style"
    assert theme.secondary in (folder / f"chevron-down-{theme.name}.svg").read_text()
    assert theme.on_accent in (folder / f"check-{theme.name}.svg").read_text()


def test_ground_layer_does_not_load_pyqtgraph():
    code = (
        "import sys, widgets, widgets.tokens, widgets.i18n, widgets.icons, widgets.fields, widgets.thumbs;"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('pyqtgraph', 'engine', 'designer')];"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_widgets_know_neither_engine_nor_designer():
    bad = re.compile(r"^\s*(from|import)\s+(engine|designer)\b", re.MULTILINE)
    assert [p.name for p in (ROOT / "widgets").rglob("*.py") if bad.search(p.read_text(encoding="utf-8"))] == []
