"""Answers and confusions of five networks against PyTorch's predictions, counted by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from designer.panels.answers import answers_of, confusion_of
from engine.declare import Spec

torch = pytest.importorskip("torch")
metrics = pytest.importorskip("sklearn.metrics")
truth = pytest.importorskip("tests.engine.probes.test_truth")


@pytest.mark.parametrize(("net", "backend", "dtype"), truth.CASES)
def test_every_answer_and_every_cell(net: str, backend: str, dtype: str) -> None:
    s = truth.Stepped(net, backend, dtype, Spec("sgd", {"rate": 0.1}))
    graph, held = truth.NETS[net], s.trainer.dataset.validation
    seen = answers_of(s.trainer.evaluate("validation"), s.trainer.dataset)
    weights = s.trainer.executable.weights()
    reading = truth.second.read(graph, weights, held.x["x"].astype(dtype), training=False)
    p = torch.softmax(reading.out[f"n{len(graph.nodes) - 2}"], 1).detach().numpy()
    assert seen is not None and sorted(seen.index.tolist()) == list(range(len(held)))
    told = p.argmax(1)
    assert seen.told.tolist() == told[seen.index].tolist()
    assert seen.truth.tolist() == held.y["y"][seen.index].tolist()
    assert seen.sure == pytest.approx(p.max(1)[seen.index], rel=1e-4 if dtype == "float32" else 1e-9)
    expected = metrics.confusion_matrix(held.y["y"], told, labels=range(3))
    assert confusion_of(seen, 3).tolist() == expected.tolist()
    wrong = np.flatnonzero(~seen.right)
    assert wrong.tolist() == list(range(len(wrong))), "mistakes come first"
