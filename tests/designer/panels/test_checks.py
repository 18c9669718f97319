"""The checks panel: both buttons give lines with a verdict, a reason is shown where nothing can be checked."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from designer.panels.checks import Basis, ChecksPanel
from designer.panels.run_details import command_words
from tests.engine.training.nets import blobs, mlp, project
from widgets.fields import Badge


def panel(qtbot: QtBot, basis: Basis | str) -> ChecksPanel:
    def give(use: Callable[[Basis | str], None]) -> None:
        use(basis)

    made = ChecksPanel(give)
    qtbot.addWidget(made)
    made.resize(420, 400)
    made.show()
    return made


@pytest.mark.parametrize(("button", "count"), [("gradients", 4), ("sanity", 3)])
def test_a_check_shows_a_line_for_everything_it_looked_at(qtbot: QtBot, button: str, count: int) -> None:
    made = panel(qtbot, Basis(project(mlp((4, 8, 3)), epochs=5), blobs()))
    kept: list[tuple[str, dict[str, object]]] = []
    made.checked.connect(lambda command, found: kept.append((command, found)))
    with qtbot.waitSignal(made.job.done, timeout=60000):
        qtbot.mouseClick(getattr(made, button), Qt.MouseButton.LeftButton)
        assert made.cancel.isVisible() and not made.sanity.isEnabled()
    qtbot.waitUntil(lambda: len(made.lines.findChildren(Badge)) == count)
    verdicts = {b.text() for b in made.lines.findChildren(Badge)}
    assert verdicts <= {"right", "wrong", "not judged"}
    assert "right" in verdicts
    assert not made.cancel.isVisible() and made.sanity.isEnabled()
    ((command, found),) = kept
    words = command_words({"step": 3, "command": command, "found": json.loads(json.dumps(found))})
    if button == "gradients":
        assert found["tensors"] == 4 and found["wrong"] == 0 and words.startswith("gradient check: 4 tensors right")
    else:
        assert len(found) == 3 and words == f"sanity trio: {sum(v is True for v in found.values())} passed"
    told = [label.text() for label in made.lines.findChildren(QLabel)]
    assert any("relative difference" in t or "guessing gives" in t for t in told)


def test_a_reason_stands_where_nothing_can_be_checked(qtbot: QtBot) -> None:
    made = panel(qtbot, "there is no Output; drag one in")
    qtbot.mouseClick(made.gradients, Qt.MouseButton.LeftButton)
    assert made.words.text() == "there is no Output; drag one in"
    assert not made.job.busy
