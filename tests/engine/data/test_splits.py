"""Splitting: nothing lost, nothing twice, classes spread evenly, order kept when asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data import DataError
from engine.data.load import split_samples
from engine.data.source import TEST, TRAIN, VALIDATION, Samples
from engine.data.splits import split_index
from engine.graph import DataSetup


def samples(labels: list[int], classes: int = 3, **more: object) -> Samples:
    y = np.array(labels, dtype=np.int64)
    x = np.arange(len(y), dtype=np.float64)[:, None]
    names = tuple("abcdefghij"[:classes])
    return Samples("made", {"x": x}, {"y": y}, "binary" if classes == 2 else "classes", names, **more)  # type: ignore[arg-type]


def setup(validation: float, test: float, seed: int = 0, shuffle: bool = True) -> DataSetup:
    return DataSetup(validation=validation, test=test, split_seed=seed, shuffle_split=shuffle)


@given(
    st.lists(st.integers(0, 2), min_size=4, max_size=200),
    st.floats(0, 0.4),
    st.floats(0, 0.4),
    st.integers(0, 99),
    st.booleans(),
)
def test_every_sample_is_in_just_one_split(
    labels: list[int], validation: float, test: float, seed: int, shuffle: bool
) -> None:
    parts = split_index(samples(labels), setup(validation, test, seed, shuffle))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    n = len(labels)
    assert abs(len(parts[1]) - validation * n) <= 1 and abs(len(parts[2]) - test * n) <= 1
    again = split_index(samples(labels), setup(validation, test, seed, shuffle))
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))


@given(st.lists(st.integers(5, 60), min_size=2, max_size=5), st.integers(0, 99))
def test_each_class_has_about_its_share_in_each_split(counts: list[int], seed: int) -> None:
    labels = [c for c, n in enumerate(counts) for _ in range(n)]
    made = samples(labels, len(counts))
    for part, share in zip(split_index(made, setup(0.2, 0.2, seed)), (0.6, 0.2, 0.2), strict=True):
        found = np.bincount(made.y["y"][part], minlength=len(counts))
        assert (np.abs(found - share * np.array(counts)) <= 1.0 + len(counts) / 2).all()


def test_shares_that_all_round_up_still_leave_something_to_train_on() -> None:
    parts = split_index(samples([0, 1, 0, 1], 2), setup(0.375, 0.375))
    assert [len(p) for p in parts] == [1, 2, 1]


def test_equal_classes_are_cut_equally_and_mixed() -> None:
    made = samples([0] * 50 + [1] * 50 + [2] * 50)
    train, validation, test = split_index(made, setup(0.2, 0.2))
    for part, each in ((train, 30), (validation, 10), (test, 10)):
        assert np.bincount(made.y["y"][part]).tolist() == [each] * 3
    assert len(set(made.y["y"][train[:15]].tolist())) == 3  # not sorted by class
    other = split_index(made, setup(0.2, 0.2, seed=1))[0]
    assert set(train.tolist()) != set(other.tolist())


def test_without_shuffling_the_first_train_the_next_validate_the_last_test() -> None:
    made = samples([0, 1, 2] * 10)
    train, validation, test = split_index(made, setup(0.3, 0.1, shuffle=False))
    assert (train.tolist(), validation.tolist(), test.tolist()) == (
        list(range(18)),
        list(range(18, 27)),
        list(range(27, 30)),
    )
    train, validation, test = split_index(made, setup(0.5, 0.0, shuffle=False))
    assert train.tolist() == list(range(15)) and validation.tolist() == list(range(15, 30)) and not len(test)
    train, validation, test = split_index(made, setup(0.0, 0.5, shuffle=False))
    assert train.tolist() == list(range(15)) and not len(validation) and test.tolist() == list(range(15, 30))


def test_a_split_of_its_own_is_kept() -> None:
    part = np.array([TEST, TRAIN, VALIDATION, TRAIN, TRAIN])
    found = split_index(samples([0, 1, 2, 0, 1], part=part), setup(0.4, 0.4))
    assert [p.tolist() for p in found] == [[1, 3, 4], [2], [0]]


def test_a_missing_validation_part_is_cut_from_training() -> None:
    part = np.array([TRAIN] * 20 + [TEST] * 10)
    train, validation, test = split_index(samples([0, 1] * 15, 2, part=part), setup(0.25, 0.9 - 0.25))
    assert test.tolist() == list(range(20, 30))
    assert len(train) == 15 and sorted([*train, *validation]) == list(range(20))


def test_a_source_s_training_share_divides_the_rest_by_the_setup_s_proportion() -> None:
    made = samples([0, 1] * 50, 2, train_share=0.4)
    assert [len(p) for p in split_index(made, setup(0.1, 0.2))] == [40, 20, 40]
    assert [len(p) for p in split_index(made, setup(0.0, 0.0))] == [40, 60, 0]
    assert [len(p) for p in split_index(made, setup(0.0, 0.3))] == [40, 0, 60]


@pytest.mark.parametrize(("validation", "test"), [(-0.1, 0.2), (0.6, 0.5), (float("nan"), 0.1)])
def test_impossible_shares_are_refused(validation: float, test: float) -> None:
    with pytest.raises(DataError, match="shares"):
        split_index(samples([0, 1, 2]), setup(validation, test))


def test_nothing_left_to_train_on_is_refused() -> None:
    with pytest.raises(DataError, match="no sample is left to train on"):
        split_index(samples([0, 1, 2]), setup(0.5, 0.5))
    with pytest.raises(DataError, match="1 samples"):
        split_index(samples([0]), setup(0.6, 0.4))


def test_a_class_without_training_samples_is_told() -> None:
    data = split_samples(samples([0] * 5 + [1] * 5 + [2] * 5), setup(0.2, 0.4, shuffle=False))
    assert any("no training sample of 'b', 'c'" in n or "'c'" in n for n in data.notes)
    assert not split_samples(samples([0, 1, 2] * 5), setup(0.2, 0.2)).notes
