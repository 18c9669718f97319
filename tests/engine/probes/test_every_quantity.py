"""Every quantity that a view shows is judged on every kind of network, or says why it does not apply: no empty cell."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

import pytest

from engine.analysis.types import NodeAnalysis
from engine.probes import Histogram, LayerStats, Snapshot
from engine.probes.ledger import LayerLedger
from engine.probes.measurements.jacobian import LayerJacobian, Spectrum
from engine.probes.measurements.loss_plane import LossPlane
from engine.probes.measurements.noise_scale import NoiseScale
from engine.probes.measurements.readout import Readout
from engine.probes.measurements.sharpness import Sharpness
from engine.probes.measurements.step_slice import StepSlice
from engine.probes.measurements.travel import Filmstrip, Travel
from engine.probes.microscope import Exposure, Response
from engine.probes.snapshot import Bar, LayerAutopsy, Path
from engine.training.columns import ColumnView
from engine.training.evaluation import SplitResult
from engine.training.measuring import KINDS, Readouts
from tests.engine.probes.every_quantity import FIVE, NO_QUANTITY, TABLE, Row

pytest.importorskip("torch")

#: every kind of value that a view takes
SHOWN = (
    LayerStats, Histogram, Snapshot, Bar, Path, LayerAutopsy, LayerLedger, LayerJacobian, Spectrum, LossPlane,
    NoiseScale, Readout, Readouts, Sharpness, StepSlice, Filmstrip, Travel, Exposure, Response, ColumnView, SplitResult,
    NodeAnalysis,
)  # fmt: skip


def judge(row: Row, net: str) -> Any:
    """The test that judges it on this network, or None."""
    by = row.by if isinstance(row.by, str) else row.by.get(net, "")
    if not by:
        return None
    module, _, name = by.partition("::")
    return getattr(importlib.import_module(module), name)


def parameters(test: Any, *names: str) -> set[str]:
    """What a test is run with under any of these names."""
    found: set[str] = set()
    for mark in getattr(test, "pytestmark", ()):
        if mark.name != "parametrize":
            continue
        given = [n.strip() for n in mark.args[0].split(",")] if isinstance(mark.args[0], str) else list(mark.args[0])
        for k, name in enumerate(given):
            if name in names:
                for case in mark.args[1]:
                    values = getattr(case, "values", case)
                    found.add(values[k] if isinstance(values, (tuple, list)) else values)
    return found


@pytest.mark.parametrize("net", FIVE)
@pytest.mark.parametrize("quantity", TABLE)
def test_no_cell_is_empty(quantity: str, net: str) -> None:
    row = TABLE[quantity]
    if net in row.not_for and not isinstance(row.by, str):
        assert len(row.not_for[net].split()) >= 4 and net not in row.by
        return
    test = judge(row, net)
    assert test is not None, f"{quantity} of {net}: nobody judges it, and nothing says that it does not apply"
    if isinstance(row.by, str):
        assert net in parameters(test, "net", "name"), f"{quantity}: {row.by} leaves {net} out"
    if net in row.not_for:
        assert len(row.not_for[net].split()) >= 4


@pytest.mark.parametrize("quantity", [q for q, row in TABLE.items() if "float32" in row.within])
def test_both_precisions_are_judged(quantity: str) -> None:
    """By a parameter of the test; reading values of a finished step in either is the same code."""
    row = TABLE[quantity]
    assert isinstance(row.by, str)
    judged = parameters(judge(row, FIVE[0]), "dtype")
    assert judged >= {"float32", "float64"}, f"{quantity}: {row.by} is run with {judged or 'one precision'}"


@pytest.mark.parametrize("kind", SHOWN, ids=lambda k: k.__name__)
def test_every_field_that_a_view_takes_has_its_row(kind: type) -> None:
    known = {f for row in TABLE.values() for f in row.fields} | NO_QUANTITY
    own = {f"{kind.__name__}.{f.name}" for f in dataclasses.fields(kind)}
    assert own <= known, f"no row of the table judges {sorted(own - known)}"


def test_the_table_names_only_what_there_is() -> None:
    own = {f"{kind.__name__}.{f.name}" for kind in SHOWN for f in dataclasses.fields(kind)}
    own |= {"Spectrum.mean_square", "Spectrum.spread"}
    named = {f for row in TABLE.values() for f in row.fields} | NO_QUANTITY
    assert named <= own, f"gone: {sorted(named - own)}"
    assert not {f for row in TABLE.values() for f in row.fields} & NO_QUANTITY


def test_every_measurement_of_the_schedule_is_in_the_table() -> None:
    results = {"isometry": "LayerJacobian", "step": "StepSlice", "plane": "LossPlane", "sharpness": "Sharpness",
               "noise": "NoiseScale", "readout": "Readouts", "travel": "Travel", "filters": "Filmstrip"}  # fmt: skip
    assert set(KINDS) == set(results)
    named = {f.partition(".")[0] for row in TABLE.values() for f in row.fields}
    assert set(results.values()) <= named
