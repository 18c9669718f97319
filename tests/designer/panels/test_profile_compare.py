"""The run before stays in the profile, in amber, until another document is opened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from designer.panels.profile import ProfilePanel, values_of
from designer.session.analyst import Analyst
from designer.session.data_loader import DataLoader
from designer.session.foresight import Foresight
from designer.session.frame import Frame
from designer.session.store import Store
from engine.probes import Snapshot
from engine.probes.capture import capture
from engine.probes.snapshot import ProbeRequest
from engine.training import Trainer
from engine.training.session import Status
from tests.engine.training.nets import blobs, mlp, project


def moment(activation: str) -> tuple[Trainer, Snapshot]:
    trainer = Trainer(project(mlp((4, 8, 8, 3), activation)), blobs(), backend="numpy")
    trainer.advance(0.0, 1, keep=True)
    wants = ProbeRequest(frozenset({"layers"}))
    return trainer, capture(trainer.executable, wants, trainer.executable.last(), trainer.step, 0)


def test_the_run_before_is_compared(qtbot: QtBot) -> None:
    store = Store()
    panel = ProfilePanel(Foresight(Analyst(store), DataLoader(store)))
    qtbot.addWidget(panel)
    panel.show()
    trainer, first = moment("sigmoid")
    _, second = moment("relu")
    frame = Frame(run=1, status=Status(step=1), plan=trainer.plan, snapshot=first)
    panel.take(frame)
    assert compared(panel) is None
    panel.take(replace(frame, run=2, snapshot=second))
    np.testing.assert_allclose(compared(panel), values_of(first, trainer.plan.layer_order, "delta_rms"))
    panel.take(replace(frame, run=3, document=1, snapshot=second))
    assert compared(panel) is None


def compared(panel: ProfilePanel) -> list[float] | None:
    """The column of the run before, as it is exported."""
    names, rows = panel.profile.table()
    place = next((k for k, n in enumerate(names) if n.endswith(", B")), None)
    return None if place is None else [float(row[place]) for row in rows]
