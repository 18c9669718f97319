"""Runs as TensorBoard reads them: a folder for each run, with its losses, metrics, rate, gradients and histograms."""

from __future__ import annotations

import calendar
import math
import re
import time
from collections.abc import Iterable

import numpy as np

from designer.document.run_columns import Measured
from designer.document.runs import CURVES, RunRecord
from engine.files.tensorboard import histogram_event, scalars_event, version_event
from engine.probes import Snapshot

COLUMNS = (("loss", "batch/loss"), ("accuracy", "batch/accuracy"), ("penalty", "batch/penalty"), ("rate", "rate"))
FIGURES = ("delta_rms", "weight_grad_rms", "update_ratio", "activation_mean", "activation_sd", "saturation", "dead")


def event_file(run: RunRecord) -> tuple[str, bytes]:
    """(``run_3/events.out.tfevents...``, the file's content). Times are spread evenly over the run's seconds."""
    start = _started(run.started)
    total = max(run.steps, 1)
    events: list[tuple[int, bytes]] = []

    def at(step: int) -> float:
        return start + run.seconds * step / total

    for step, values in _scalars(run):
        events.append((step, scalars_event(at(step), step, values)))
    if run.measured is not None:
        names = _names(run)
        for moment in run.measured.moments:
            events += [(moment.step, data) for data in _histograms(moment, names, at(moment.step))]
    events.sort(key=lambda e: e[0])
    folder = re.sub(r"[^\w.-]+", "_", run.name) or f"run_{run.number}"
    return f"{folder}/events.out.tfevents.{int(start)}.gradloom.{run.number}", b"".join(
        [version_event(start), *(data for _, data in events)]
    )


def _started(text: str) -> float:
    try:
        return float(calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")))
    except ValueError:
        return 0.0


def _names(run: RunRecord) -> dict[str, str]:
    return {k: n.name or k for k, n in run.settings().graph.nodes.items()}


def _scalars(run: RunRecord) -> Iterable[tuple[int, list[tuple[str, float]]]]:
    m = run.measured
    per_epoch = m.steps_per_epoch if m is not None else max(run.steps // max(run.last_epoch, 1), 1)
    for k, epoch in enumerate(run.epochs):
        values = [(f"epoch/{c}", run.curves[c][k]) for c in CURVES if c in run.curves]
        yield epoch * per_epoch, [(tag, v) for tag, v in values if math.isfinite(v)]
    if run.finals:
        yield run.steps, [(tag.replace("test_", "test/"), v) for tag, v in run.finals.items()]
    if m is not None:
        yield from _columns(run, m)


def _columns(run: RunRecord, m: Measured) -> Iterable[tuple[int, list[tuple[str, float]]]]:
    names, rows = _names(run), m.gradients()
    for k, step in enumerate(m.view.steps.tolist()):
        values = [(tag, float(getattr(m.view, name)[k])) for name, tag in COLUMNS]
        values += [(f"gradient/{names.get(n, n)}", float(rows[j, k])) for j, n in enumerate(m.layers)]
        yield step, [(tag, v) for tag, v in values if math.isfinite(v)]
    for moment in m.moments:
        figures = [
            (f"{figure}/{names.get(s.node, s.node)}", float(getattr(s, figure)))
            for s in moment.layers
            for figure in FIGURES
        ]
        yield moment.step, [(tag, v) for tag, v in figures if math.isfinite(v)]


def _histograms(moment: Snapshot, names: dict[str, str], wall: float) -> list[bytes]:
    found = []
    for layer in moment.layers:
        for tensor, h in layer.histograms.items():
            if math.isfinite(h.minimum) and math.isfinite(h.maximum):
                edges = np.linspace(h.low, h.high, len(h.counts) + 1).tolist()
                tag = f"{tensor}/{names.get(layer.node, layer.node)}"
                ends = (h.minimum, h.maximum)
                found.append(histogram_event(wall, moment.step, tag, h.counts.tolist(), edges, ends))
    return found
