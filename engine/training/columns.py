"""The record of every step: one writer, any number of readers, nothing lost, memory bounded.

Rows are published by replacing one immutable view; a reader keeps the view it took. When a column is full, pairs of
rows merge (mean, and minimum and maximum of the loss), so that a run of any length fits: each row then stands for
``stride`` steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends import StepRecords

Column = NDArray[np.float64]


@dataclass(frozen=True)
class ColumnView:
    """``count`` rows, each the summary of ``stride`` steps. Arrays are longer than ``count``; read ``[:count]``.

    ``grad_norm`` (rows, W): l2 norm of the data gradient per weight, in plan order. ``start``: steps before the first
    row, those of the run that this one resumes.
    """

    count: int
    stride: int
    loss: Column
    loss_min: Column
    loss_max: Column
    penalty: Column
    accuracy: Column
    rate: Column
    grad_norm: Column
    start: int = 0

    @property
    def steps(self) -> NDArray[np.int64]:
        """Index of the last step of each row, counted from 1."""
        return self.start + np.arange(1, self.count + 1, dtype=np.int64) * self.stride


_MEAN = ("loss", "penalty", "accuracy", "rate", "grad_norm")
_NAMES = ("loss", "loss_min", "loss_max", "penalty", "accuracy", "rate", "grad_norm")
#: bytes of a full record: wide networks have fewer rows of more steps each
BUDGET, LEAST_ROWS = 48 << 20, 1 << 11


class Columns:
    """Appends StepRecords; publishes ``view``. ``capacity`` rows at most (a power of two), by default 65,536 or as
    many as BUDGET holds."""

    def __init__(self, weights: int, capacity: int | None = None) -> None:
        if capacity is None:
            fitting = BUDGET // (8 * (len(_NAMES) - 1 + weights))
            capacity = min(1 << 16, max(LEAST_ROWS, 1 << (fitting.bit_length() - 1)))
        if capacity < 2 or capacity & (capacity - 1):
            raise ValueError(f"capacity must be a power of two, got {capacity}")
        self._weights, self._capacity = weights, capacity
        self._waiting: tuple[Column, ...] = ()
        self.view = self._empty(min(capacity, 1024), 0)

    def _empty(self, rows: int, start: int) -> ColumnView:
        a, b, c, d, e, f = (np.zeros(rows) for _ in range(6))
        return ColumnView(0, 1, a, b, c, d, e, f, np.zeros((rows, self._weights)), start)

    def clear(self, start: int = 0) -> None:
        """Forget all rows; the next one is of step ``start`` + 1. Views that readers hold stay as they were."""
        self._waiting = ()
        self.view = self._empty(min(self._capacity, 1024), start)

    def seed(self, past: ColumnView, step: int) -> None:
        """Take over the rows of another record up to ``step``, where this one goes on. The steps after its last whole
        row stand in that row's place; a record of other weights, or one that does not reach ``step``, is left out."""
        rows = min(past.count, max(step - past.start, 0) // past.stride)
        missing = step - past.start - rows * past.stride
        if past.grad_norm.shape[1:] != (self._weights,) or not rows or missing >= 2 * past.stride:
            return
        arrays = {k: np.array(getattr(past, k)[:rows], np.float64) for k in _NAMES}
        self._waiting = tuple(np.repeat(getattr(past, k)[rows - 1 : rows], missing, 0) for k in _MEAN)
        self.view = ColumnView(rows, past.stride, **arrays, start=past.start)

    def append(self, records: StepRecords, rates: NDArray[np.float64]) -> None:
        """Add the steps of one chunk. Steps that do not fill a row yet wait in their raw form."""
        share = records.hits / np.maximum(records.samples, 1)
        raw = (records.loss, records.penalty, share, rates[: len(records.loss)], records.grad_norm)
        waiting = (
            tuple(np.concatenate((a, b)) for a, b in zip(self._waiting, raw, strict=True)) if self._waiting else raw
        )
        while True:
            if self.view.count == self._capacity:
                self._halve()
            rows = min(len(waiting[0]) // self.view.stride, self._capacity - self.view.count)
            if rows == 0:
                break
            used = rows * self.view.stride
            self._write(*(a[:used].reshape(rows, self.view.stride, *a.shape[1:]) for a in waiting))
            waiting = tuple(a[used:] for a in waiting)
        self._waiting = waiting

    def _write(self, loss: Column, penalty: Column, accuracy: Column, rate: Column, norms: Column) -> None:
        """Append rows, given as (rows, stride, ...)."""
        view, new = self.view, len(loss)
        rows = {
            "loss": loss.mean(1),
            "loss_min": loss.min(1),
            "loss_max": loss.max(1),
            "penalty": penalty.mean(1),
            "accuracy": accuracy.mean(1),
            "rate": rate.mean(1),
            "grad_norm": norms.mean(1),
        }
        arrays = {k: getattr(view, k) for k in rows}
        if view.count + new > len(view.loss):
            size = min(self._capacity, 2 * max(len(view.loss), view.count + new))
            arrays = {k: _grown(a, size) for k, a in arrays.items()}
        for k, v in rows.items():
            arrays[k][view.count : view.count + new] = v
        self.view = ColumnView(view.count + new, view.stride, **arrays, start=view.start)

    def _halve(self) -> None:
        view = self.view
        merged = _merge({k: getattr(view, k)[: view.count] for k in _NAMES})
        grown = {k: _grown(a, self._capacity) for k, a in merged.items()}
        self.view = ColumnView(view.count // 2, view.stride * 2, **grown, start=view.start)


def thinned(view: ColumnView, most: int) -> ColumnView:
    """The same with at most ``most`` rows: pairs merge as often as it takes; a last odd row is left out then."""
    while view.count > most:
        view = coarsened(view, 2 * view.stride)
    return coarsened(view, view.stride)


def coarsened(view: ColumnView, stride: int) -> ColumnView:
    """The same in rows of ``stride`` steps, or of its own stride where that is longer."""
    rows, count, own = {k: getattr(view, k)[: view.count] for k in _NAMES}, view.count, view.stride
    while own < stride:
        count, own = count // 2, own * 2
        rows = _merge({k: a[: 2 * count] for k, a in rows.items()})
    return ColumnView(count, own, **rows, start=view.start)


def _merge(rows: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    merged = {k: (rows[k][0::2] + rows[k][1::2]) / 2 for k in _MEAN}
    merged["loss_min"] = np.minimum(rows["loss_min"][0::2], rows["loss_min"][1::2])
    merged["loss_max"] = np.maximum(rows["loss_max"][0::2], rows["loss_max"][1::2])
    return merged


def _grown(a: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    bigger = np.zeros((size, *a.shape[1:]))
    bigger[: len(a)] = a
    return bigger
