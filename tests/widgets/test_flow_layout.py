"""A row of tools that breaks into lines."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.flow_layout import FlowLayout


def test_tools_go_on_in_a_second_line(qtbot: Any) -> None:
    panel, tools = QWidget(), FlowLayout()
    qtbot.addWidget(panel)
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.addLayout(tools)
    column.addStretch()
    tools.setSpacing(4)
    buttons = [QWidget() for _ in range(4)]
    for button in buttons:
        button.setFixedSize(80, 20)
        tools.addWidget(button)
    assert panel.minimumSizeHint().width() == 80
    places = {}
    panel.show()
    for width in (400, 170, 80):
        panel.resize(width, 200)
        qtbot.waitUntil(lambda width=width: panel.width() == width)
        tools.activate()
        places[width] = [(b.x(), b.y()) for b in buttons]
    assert places[400] == [(0, 0), (84, 0), (168, 0), (252, 0)]
    assert places[170] == [(0, 0), (84, 0), (0, 24), (84, 24)]
    assert places[80] == [(0, 0), (0, 24), (0, 48), (0, 72)]
    buttons[0].hide()
    panel.resize(400, 201)
    tools.activate()
    assert (buttons[1].x(), buttons[1].y()) == (0, 0)
