"""Metrics against scikit-learn on random and degenerate cases, and in numbers."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from engine.metrics import METRICS, confusion_matrix, predicted_classes

Rng = np.random.Generator


def theirs(name: str, target: Any, predicted: Any, binary: bool) -> float:
    """scikit-learn's number for the same thing."""
    metrics = pytest.importorskip("sklearn.metrics")
    average = "binary" if binary else "macro"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that occur among the predictions only: the case is meant
        if name == "accuracy":
            return float(metrics.accuracy_score(target, predicted))
        if name == "balanced_accuracy":
            return float(metrics.balanced_accuracy_score(target, predicted))
        function = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}[name]
        return float(function(target, predicted, average=average, zero_division=0))


def targets(classes: int, case: str, n: int, rng: Rng) -> Any:
    """Class numbers: all classes, one absent, or a single one."""
    known = {"all": np.arange(classes), "one absent": np.arange(1, classes), "single": np.array([classes - 1])}[case]
    return rng.choice(known, n)


@pytest.mark.parity("sklearn")
@pytest.mark.parametrize("case", ["all", "one absent", "single"])
@pytest.mark.parametrize("classes", [3, 7])
@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "precision", "recall", "f1"])
def test_many_classes_equal_sklearn(name: str, classes: int, case: str, rng: Rng) -> None:
    for n in (1, 4, 50):
        target, shown = targets(classes, case, n, rng), rng.normal(0, 1, (n, classes))
        shown[:, 0] -= 9 * rng.integers(2)  # now and then class 0 is never predicted either
        expected = theirs(name, target, shown.argmax(1), False)
        assert METRICS[name]().compute(shown, target) == pytest.approx(expected, rel=1e-14, abs=1e-15)


@pytest.mark.parity("sklearn")
@pytest.mark.parametrize("case", ["all", "one absent", "single"])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "precision", "recall", "f1"])
def test_two_classes_equal_sklearn(name: str, outputs: int, case: str, rng: Rng) -> None:
    for n in (1, 4, 50):
        for shift in (-1.0, 0.0, 1.0):  # never class 1, either, always class 1
            target, shown = targets(2, case, n, rng), rng.uniform(0, 1, (n, outputs))
            shown[:, -1] = np.clip(shown[:, -1] + shift, 0, 1) + 1e-9 * rng.normal(size=n)
            predicted = predicted_classes(shown)
            expected = theirs(name, target, predicted, True)
            assert METRICS[name]().compute(shown, target) == pytest.approx(expected, rel=1e-14, abs=1e-15)


@pytest.mark.parity("sklearn")
@pytest.mark.parametrize("outputs", [1, 3])
def test_values_equal_sklearn(outputs: int, rng: Rng) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    for n in (2, 50):
        target, shown = rng.normal(3, 2, (n, outputs)), rng.normal(3, 2, (n, outputs))
        for constant in (False, True):
            if constant:
                target[:, 0] = 4.0
            assert METRICS["mae"]().compute(shown, target) == pytest.approx(metrics.mean_absolute_error(target, shown))
            assert METRICS["r2"]().compute(shown, target) == pytest.approx(metrics.r2_score(target, shown), rel=1e-12)
        shown[:, 0] = 4.0
        assert METRICS["r2"]().compute(shown, target) == pytest.approx(metrics.r2_score(target, shown), rel=1e-12)


@pytest.mark.parity("sklearn")
def test_confusion_matrix_equals_sklearn(rng: Rng) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    target, predicted = rng.integers(0, 4, 60), rng.integers(0, 5, 60)
    expected = metrics.confusion_matrix(target, predicted, labels=range(6))
    assert (confusion_matrix(predicted, target, 6) == expected).all()


def test_confusion_matrix_has_truth_in_its_rows() -> None:
    assert confusion_matrix(np.array([1, 1, 0]), np.array([0, 0, 0]), 2).tolist() == [[1, 2], [0, 0]]
    assert confusion_matrix(np.array([], int), np.array([], int), 2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("predicted", "target", "words"),
    [
        ([0, 3], [0, 1], "predicted classes must lie between 0 and 2, but go from 0 to 3"),
        ([0, 1], [-1, 1], "true classes must lie between 0 and 2, but go from -1 to 1"),
        ([0, 1, 1], [0, 1], "3 predictions do not fit 2 targets"),
    ],
)
def test_confusion_matrix_refuses_in_words(predicted: list[int], target: list[int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        confusion_matrix(np.array(predicted), np.array(target), 3)


def test_predicted_classes() -> None:
    assert predicted_classes(np.array([[0.5], [0.51]])).tolist() == [0, 1]
    assert predicted_classes(np.array([0.2, 0.9])).tolist() == [0, 1]
    assert predicted_classes(np.array([[-0.1], [0.1]]), threshold=0.0).tolist() == [0, 1]
    assert predicted_classes(np.array([[1, 3, 2], [5, 4, 4]])).tolist() == [1, 0]
    image = np.zeros((1, 3, 2, 2))
    image[0, 2, 0, 1] = image[0, 1, 1, 0] = 1
    assert predicted_classes(image).tolist() == [0, 2, 1, 0]


def test_image_of_classes_counts_every_position() -> None:
    image, target = np.zeros((2, 3, 2, 2)), np.zeros((2, 2, 2), np.int64)
    image[0, 1, 0, 0] = 1
    assert METRICS["accuracy"]().compute(image, target) == 7 / 8


def test_threshold_is_a_parameter() -> None:
    shown, target = np.array([[-0.5], [0.3], [0.2]]), np.array([0, 1, 1])
    assert METRICS["accuracy"]().compute(shown, target) == pytest.approx(1 / 3)
    assert METRICS["accuracy"](threshold=0.0).compute(shown, target) == 1.0


@pytest.mark.parametrize("name", METRICS)
def test_an_empty_split_is_undefined_not_an_error(name: str) -> None:
    values = METRICS[name].tasks == ("values",)
    target = np.zeros((0, 2)) if values else np.zeros(0, np.int64)
    assert math.isnan(METRICS[name]().compute(np.zeros((0, 2)), target))


@pytest.mark.parametrize("name", [n for n in METRICS if METRICS[n].tasks == ("values",)])
def test_nan_is_not_hidden(name: str) -> None:
    shown = np.array([[np.nan], [1.0], [2.0]])
    assert math.isnan(METRICS[name]().compute(shown, np.array([[0.0], [1.0], [2.0]])))
    assert math.isnan(METRICS[name]().compute(shown, np.ones((3, 1))))


@pytest.mark.parametrize("name", METRICS)
def test_perfect_answers_are_the_best(name: str, rng: Rng) -> None:
    best = 1.0 if METRICS[name].rises else 0.0
    values = rng.normal(size=(9, 2))
    if METRICS[name].tasks == ("values",):
        assert METRICS[name]().compute(values, values) == best
    else:
        assert METRICS[name]().compute(values, values.argmax(1)) == best


def test_evaluation_takes_the_threshold_from_the_loss() -> None:
    """A hinge decides at 0, where a sigmoid's probability decides at one half."""
    from types import SimpleNamespace

    from engine.losses import LOSSES
    from engine.training.evaluation import task_metrics

    shown, target = {"out": np.array([[-0.4], [0.3], [0.2]])}, np.array([0, 1, 1])
    split = SimpleNamespace(y={"y": target})
    dataset: Any = SimpleNamespace(task="binary", split=lambda _: split)
    found = {}
    for name in ("hinge", "binary_cross_entropy"):
        head = SimpleNamespace(field="y", source="y", node="out", loss=LOSSES.make(name))
        run: Any = SimpleNamespace(plan=SimpleNamespace(heads=[head]))
        found[name] = task_metrics(run, dataset, "test", shown)["accuracy"]
    assert found == {"hinge": 1.0, "binary_cross_entropy": pytest.approx(1 / 3)}
