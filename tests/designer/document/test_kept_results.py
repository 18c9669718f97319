"""Measurements through JSON and back: every kind, every field; what is malformed is refused with its place."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from designer.document.kept_results import result_json, result_of, result_types
from designer.document.refusals import LayoutRefusal
from engine.declare import Spec
from engine.training import Trainer
from engine.training.measuring import KINDS, Moment, measure
from tests.engine.training.nets import blobs, chain, project

NET = chain(
    ("input", {"size": (1, 6, 6)}),
    ("conv2d", {"filters": 3, "kernel": (3, 3), "activation": Spec("tanh")}),
    ("flatten", {}),
    ("dense", {"units": 3}),
    ("output", {"loss": Spec("softmax_cross_entropy")}),
)


def same(a: Any, b: Any) -> bool:
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-30, equal_nan=True)
    if isinstance(a, float) and not isinstance(a, bool):
        return (not np.isfinite(a) and np.isnan(b)) or a == pytest.approx(b, rel=1e-5)
    return type(a) is type(b) and a == b


@pytest.fixture(scope="module")
def moment() -> Moment:
    data = blobs(features=36)
    for part in (data.train, data.validation, data.test):
        part.x["x"] = part.x["x"].reshape(-1, 1, 6, 6)
    trainer = Trainer(project(NET), data, backend="numpy")
    first = trainer.resume_state()
    trainer.advance(1.0, 4)
    made = Moment.of(trainer)
    return type(made)(made.project, made.dataset, made.plan, made.state, made.rate, (first,))


def test_there_is_a_form_for_every_kind() -> None:
    assert result_types().keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_through_a_file_and_back(kind: Any, moment: Moment) -> None:
    made = measure(kind, moment)
    text = json.dumps(result_json(made.result), allow_nan=False)
    assert same(result_of(kind, json.loads(text)), made.result)


@pytest.mark.parametrize(("raw", "place"), [
    ([], "result"), ({}, "result.small"), ({"value": "x"}, "result.value"), ({"error": True}, "result.error"),
])  # fmt: skip
def test_what_is_malformed_is_refused(raw: Any, place: str) -> None:
    with pytest.raises(LayoutRefusal, match=place):
        result_of("noise", raw)
    with pytest.raises(LayoutRefusal):
        result_of("no such kind", {})
    with pytest.raises(LayoutRefusal, match="distances"):
        result_of("travel", {"nodes": [], "steps": [], "distances": {"shape": [2, 3], "values": [1.0]}})
