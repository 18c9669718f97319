"""Measurements stay on their run: noted in its log, and shown again where a training from a file goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject

from designer.document.kept_results import COMMAND, MOST, result_json, result_of
from designer.document.refusals import LayoutRefusal
from designer.session.frame import Frame
from designer.session.measurements import Measurements
from designer.session.run_book import RunBook
from engine.training.measuring import Measured


class KeptMeasurements(QObject):
    """Between the measurements of a document and its table of runs. A run has a number from its first epoch on; what
    was measured before is noted then."""

    def __init__(self, measurements: Measurements, runs: RunBook) -> None:
        super().__init__(measurements)
        self.measurements, self.runs = measurements, runs
        self._number: int | None = None
        self._run, self._pending = runs.bridge.frame.run, list[Measured]()
        measurements.made.connect(self._made)
        runs.bridge.framed.connect(self._framed)
        self._framed(runs.bridge.frame)

    def _made(self, made: Measured) -> None:
        if self.runs.current is None:
            self._pending.append(made)
        else:
            self.runs.note_measured(entry_of(made))

    def _framed(self, frame: Frame) -> None:
        if frame.run != self._run:
            self._run, self._number = frame.run, None
            self._pending.clear()
        number = self.runs.current
        if number is None or number == self._number:
            return
        self._number = number
        known = [m for e in self.runs.kept_measurements() if (m := measured_of(e)) is not None]
        self.measurements.recall(known)
        for made in self._pending:
            self.runs.note_measured(entry_of(made))
        self._pending.clear()


def entry_of(made: Measured) -> dict[str, Any]:
    """What the log says of it; without the numbers where they would take too much."""
    found: dict[str, Any] = {"kind": made.kind, "option": made.option, "seconds": round(made.cost, 4)}
    result = result_json(made.result)
    if len(json.dumps(result)) <= MOST:
        found["result"] = result
    return {"step": made.step, "command": COMMAND, "found": found}


def measured_of(entry: Mapping[str, Any]) -> Measured | None:
    """Back from the log; None where its numbers were left out or are not in order."""
    found = entry.get("found")
    if entry.get("command") != COMMAND or not isinstance(found, Mapping) or "result" not in found:
        return None
    seconds = found.get("seconds")
    try:
        result = result_of(str(found.get("kind")), found["result"])
    except LayoutRefusal:
        return None
    cost = float(seconds) if isinstance(seconds, int | float) else 0.0
    return Measured(found["kind"], int(entry["step"]), cost, result, str(found.get("option", "")))
