"""Curves over sizes in logarithmic panels, as SVG text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, TOP, GAP, BOTTOM = 210, 190, 76, 34, 44, 46
COLORS = ("#d9480f", "#4c6ef5", "#2b8a3e")
INK, LINE, PAPER = "#495057", "#dee2e6", "#ffffff"

Curve = list[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """Curves by name over one kind of size."""

    title: str
    lines: dict[str, Curve]


def picture(panels: list[Panel], unit: str) -> str:
    """All panels side by side on one scale of heights; colours by name, told once."""
    values = [y for p in panels for curve in p.lines.values() for _, y in curve]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    whole = LEFT + len(panels) * (WIDTH + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {TOP + HEIGHT + BOTTOM}" '
        f'font-family="sans-serif" font-size="11" fill="{INK}">',
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        f'<text x="12" y="16">{escape(unit)}</text>',
    ]
    for k, name in enumerate(panels[0].lines):
        x = LEFT + 150 + 110 * k
        parts.append(f'<line x1="{x}" x2="{x + 22}" y1="12" y2="12" stroke="{COLORS[k]}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 28}" y="16">{escape(name)}</text>')
    for k, panel in enumerate(panels):
        parts += _panel(panel, LEFT + k * (WIDTH + GAP), low, high, labels=k == 0)
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, left: float, low: int, high: int, *, labels: bool) -> list[str]:
    sizes = [x for x, _ in next(iter(panel.lines.values()))]
    first, last = math.log2(sizes[0]), math.log2(sizes[-1])

    def at(x: float, y: float) -> tuple[float, float]:
        across = left + WIDTH * (math.log2(x) - first) / (last - first)
        return across, TOP + HEIGHT * (high - math.log10(y)) / (high - low)

    parts = []
    for decade in range(low, high + 1):
        y = at(sizes[0], 10.0**decade)[1]
        parts.append(f'<line x1="{left}" x2="{left + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{LINE}"/>')
        if labels:
            parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{10**decade:,}</text>')
    for x in (sizes[0], sizes[len(sizes) // 2], sizes[-1]):
        parts.append(
            f'<text x="{at(x, 10.0**low)[0]:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{x:g}</text>'
        )
    below = f'x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 36}" text-anchor="middle"'
    parts.append(f"<text {below}>{escape(panel.title)}</text>")
    for color, curve in zip(COLORS, panel.lines.values(), strict=False):
        places = [at(x, y) for x, y in curve]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{color}"/>' for x, y in places]
    return parts
