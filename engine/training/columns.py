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

    ``grad_norm`` (rows, W): l2 norm of the data gradient per weight, in plan order.
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

    @property
    def steps(self) -> NDArray[np.int64]:
        """Index of the last step of each row, counted from 1."""
        return np.arange(1, self.count + 1, dtype=np.int64) * self.stride


_MEAN = ("loss", "penalty", "accuracy", "rate", "grad_norm")


class Columns:
    """Appends StepRecords; publishes ``view``. ``capacity`` rows at most (a power of two)."""

    def __init__(self, weights: int, capacity: int = 1 << 16) -> None:
        if capacity < 2 or capacity & (capacity - 1):
            raise ValueError(f"capacity must be a power of two, got {capacity}")
        self._weights, self._capacity = weights, capacity
        self._pending: list[tuple[NDArray[np.float64], ...]] = []
        self.view = self._empty(min(capacity, 1024), 1)

    def _empty(self, rows: int, stride: int) -> ColumnView:
        a, b, c, d, e, f = (np.zeros(rows) for _ in range(6))
        return ColumnView(0, stride, a, b, c, d, e, f, np.zeros((rows, self._weights)))

    def clear(self) -> None:
        """Forget all rows; views that readers hold stay as they were."""
        self._pending = []
        self.view = self._empty(1024, 1)

    def append(self, records: StepRecords, rates: NDArray[np.float64]) -> None:
        """Add the steps of one chunk."""
        share = records.hits / np.maximum(records.samples, 1)
        self._pending.append((records.loss, records.penalty, share, rates[: len(records.loss)], records.grad_norm))
        self._flush()

    def _flush(self) -> None:
        have = sum(len(p[0]) for p in self._pending)
        stride = self.view.stride
        if have < stride:
            return
        loss, penalty, accuracy, rate, norms = (np.concatenate(part) for part in zip(*self._pending, strict=True))
        used = have // stride * stride
        rest = tuple(a[used:] for a in (loss, penalty, accuracy, rate, norms))
        self._pending = [rest] if have > used else []
        grouped = loss[:used].reshape(-1, stride)
        rows = {
            "loss": grouped.mean(1),
            "loss_min": grouped.min(1),
            "loss_max": grouped.max(1),
            "penalty": penalty[:used].reshape(-1, stride).mean(1),
            "accuracy": accuracy[:used].reshape(-1, stride).mean(1),
            "rate": rate[:used].reshape(-1, stride).mean(1),
            "grad_norm": norms[:used].reshape(-1, stride, self._weights).mean(1),
        }
        self._write(rows)

    def _write(self, rows: dict[str, NDArray[np.float64]]) -> None:
        new = len(rows["loss"])
        view = self.view
        if view.count + new > self._capacity:
            room = self._capacity - view.count
            self._write({k: v[:room] for k, v in rows.items()})
            self._halve()
            left = {k: v[room:] for k, v in rows.items()}
            even = len(left["loss"]) // 2 * 2
            if even:
                self._write(_merge({k: v[:even] for k, v in left.items()}))
            self._carry({k: v[even:] for k, v in left.items()})
            return
        arrays = {k: getattr(view, k) for k in rows}
        if view.count + new > len(view.loss):
            size = min(self._capacity, 2 * max(len(view.loss), view.count + new))
            arrays = {k: _grown(a, size) for k, a in arrays.items()}
        for k, v in rows.items():
            arrays[k][view.count : view.count + new] = v
        self.view = ColumnView(view.count + new, view.stride, **arrays)

    def _carry(self, rows: dict[str, NDArray[np.float64]]) -> None:
        """An odd row left by a merge waits, spread over the steps that it stands for."""
        if len(rows["loss"]):
            repeat = self.view.stride // 2
            spread = (np.repeat(rows[k], repeat, axis=0) for k in ("loss", "penalty", "accuracy", "rate", "grad_norm"))
            self._pending.insert(0, tuple(spread))

    def _halve(self) -> None:
        view = self.view
        names = ("loss", "loss_min", "loss_max", "penalty", "accuracy", "rate", "grad_norm")
        merged = _merge({k: getattr(view, k)[: view.count] for k in names})
        self.view = ColumnView(
            view.count // 2, view.stride * 2, **{k: _grown(a, self._capacity) for k, a in merged.items()}
        )


def _merge(rows: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    merged = {k: (rows[k][0::2] + rows[k][1::2]) / 2 for k in _MEAN}
    merged["loss_min"] = np.minimum(rows["loss_min"][0::2], rows["loss_min"][1::2])
    merged["loss_max"] = np.maximum(rows["loss_max"][0::2], rows["loss_max"][1::2])
    return merged


def _grown(a: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    bigger = np.zeros((size, *a.shape[1:]))
    bigger[: len(a)] = a
    return bigger
