"""The desktop entry, the file type and the icon belong together and are what desktops accept."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
DESKTOP = ROOT / "resources" / "desktop"


def _entry() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys of desktop entries are case-sensitive
    parser.read(DESKTOP / "gradloom.desktop", encoding="utf-8")
    return parser["Desktop Entry"]


def test_the_entry_starts_the_installed_command() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    command, *arguments = _entry()["Exec"].split()
    assert command in scripts and arguments == ["%f"]
    assert (DESKTOP / (_entry()["Icon"] + ".svg")).is_file()
    assert {"Name", "Comment", "Comment[ko]", "Categories"} <= set(_entry())


def test_the_entry_claims_exactly_the_declared_types() -> None:
    space = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}
    tree = ElementTree.parse(DESKTOP / "gradloom-mime.xml")
    declared = {node.get("type") for node in tree.findall("m:mime-type", space)}
    assert declared == set(_entry()["MimeType"].strip(";").split(";"))
    assert [node.get("pattern") for node in tree.iter(f"{{{space['m']}}}glob")] == ["*.gradloom"]


def test_the_icon_is_drawn_at_every_size(qapp: Any) -> None:
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(str(DESKTOP / "gradloom.svg"))
    assert renderer.isValid()
    for size in (16, 32, 256):
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(0)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        colours = {image.pixel(x, y) for x in range(0, size, max(1, size // 16)) for y in range(size)}
        assert image.pixelColor(0, 0).alpha() == 0, "the plate's corners are round"
        assert len(colours) > 8
