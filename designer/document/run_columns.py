"""What a run left of every step and of every layer over time, compactly: arrays for an archive, few rows for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.document.refusals import LayoutRefusal
from engine.graph.project import Json
from engine.plan import Plan
from engine.primitives import size
from engine.probes import Histogram, LayerStats, Snapshot
from engine.training.columns import ColumnView, thinned

Arrays = Mapping[str, NDArray[Any]]
#: rows that an archive and a graph.json keep of one run; moments of all layers, and of those with histograms
MOST_ROWS, FEW_ROWS, MOMENTS, HISTOGRAMS = 1024, 64, 24, 8
SCALARS = ("loss", "loss_min", "loss_max", "penalty", "accuracy", "rate")
TENSORS = ("weights", "gradients", "pre-activations", "activations")
FIGURES = tuple(f.name for f in fields(LayerStats) if f.type == "float")


@dataclass(frozen=True, eq=False)
class Measured:
    """``view``: the record of every step, thinned. ``weights``: ((node, name), ...) in the order of its gradient norms,
    ``sizes``: their numbers of entries; ``kernels``: places of each layer's first kernel. ``moments``: the layers'
    figures over time, few of them with histograms."""

    view: ColumnView
    weights: tuple[tuple[str, str], ...]
    sizes: tuple[int, ...]
    kernels: tuple[int, ...]
    steps_per_epoch: int = 1
    moments: tuple[Snapshot, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """Ids of the layers with a kernel, sources first."""
        return tuple(self.weights[k][0] for k in self.kernels)

    @property
    def epochs(self) -> NDArray[np.float64]:
        """The rows' places in epochs."""
        return self.view.steps / max(self.steps_per_epoch, 1)

    def gradients(self) -> NDArray[np.float64]:
        """(L, S): RMS of each layer's weight gradient at every row."""
        scale = np.array([1.0 / math.sqrt(max(self.sizes[k], 1)) for k in self.kernels])
        rows: NDArray[np.float64] = self.view.grad_norm[: self.view.count, list(self.kernels)] * scale
        return rows.T


def measured(plan: Plan, view: ColumnView, moments: Sequence[Snapshot], steps_per_epoch: int) -> Measured:
    """What is kept of a training."""
    weights = tuple((w.node, w.name) for w in plan.weights)
    first = {w.node: k for k, w in reversed(list(enumerate(plan.weights))) if w.is_kernel}
    kernels = tuple(first[n] for n in plan.layer_order if n in first)
    sizes = tuple(size(w.shape) for w in plan.weights)
    kept = _chosen([m for m in moments if m.layers], MOMENTS)
    return Measured(thinned(view, MOST_ROWS), weights, sizes, kernels, steps_per_epoch, tuple(kept))


def _chosen(moments: Sequence[Snapshot], most: int) -> list[Snapshot]:
    """Evenly chosen, first and last always."""
    places = np.unique(np.linspace(0, max(len(moments) - 1, 0), min(len(moments), most)).round().astype(int))
    return [moments[k] for k in places]


# an archive -----------------------------------------------------------------------------------------------------------


def meta_json(m: Measured) -> dict[str, Json]:
    """What the arrays mean."""
    return {
        "stride": m.view.stride, "start": m.view.start, "steps_per_epoch": m.steps_per_epoch,
        "weights": [f"{node}/{name}" for node, name in m.weights], "sizes": list(m.sizes), "kernels": list(m.kernels),
    }  # fmt: skip


def arrays_of(m: Measured, prefix: str) -> dict[str, NDArray[Any]]:
    """In single precision, which is more than any plot shows."""
    view = m.view
    found: dict[str, NDArray[Any]] = {
        f"{prefix}/{name}": getattr(view, name)[: view.count].astype(np.float32) for name in (*SCALARS, "grad_norm")
    }
    if m.moments:
        found[f"{prefix}/moments"] = np.array([(s.step, s.epoch) for s in m.moments], np.int64)
        found[f"{prefix}/figures"] = _figures(m)
        rich = _chosen([s for s in m.moments if s.layers[0].histograms], HISTOGRAMS)
        if rich:
            found |= _histograms(m, rich, prefix)
    return found


def _figures(m: Measured) -> NDArray[np.float32]:
    """(T, L, Q)."""
    found = np.full((len(m.moments), len(m.layers), len(FIGURES)), np.nan, np.float32)
    for t, moment in enumerate(m.moments):
        by_node = {s.node: s for s in moment.layers}
        for k, node in enumerate(m.layers):
            if node in by_node:
                found[t, k] = [getattr(by_node[node], name) for name in FIGURES]
    return found


def _histograms(m: Measured, rich: Sequence[Snapshot], prefix: str) -> dict[str, NDArray[Any]]:
    """Counts (T, L, 4, B) and ends (T, L, 4, 4): low, high, minimum, maximum; nan where there is none."""
    bins = len(next(iter(rich[0].layers[0].histograms.values())).counts)
    shape = (len(rich), len(m.layers), len(TENSORS))
    counts, ends = np.zeros((*shape, bins), np.uint32), np.full((*shape, 4), np.nan, np.float32)
    for t, moment in enumerate(rich):
        by_node = {s.node: s for s in moment.layers}
        for k, node in enumerate(m.layers):
            for j, tensor in enumerate(TENSORS):
                h = by_node[node].histograms.get(tensor) if node in by_node else None
                if h is not None and len(h.counts) == bins:
                    counts[t, k, j] = h.counts
                    ends[t, k, j] = (h.low, h.high, h.minimum, h.maximum)
    steps = np.array([s.step for s in rich], np.int64)
    return {f"{prefix}/counts": counts, f"{prefix}/ends": ends, f"{prefix}/counted": steps}


def measured_of(path: str, meta: Json, arrays: Arrays, prefix: str) -> Measured | None:
    """From an archive; None where it holds no arrays of this run. LayoutRefusal where they do not fit together."""
    if not isinstance(meta, dict) or f"{prefix}/loss" not in arrays:
        return None
    raw_weights, raw_sizes, raw_kernels = (meta.get(k, []) for k in ("weights", "sizes", "kernels"))
    weights = tuple(_pair(path, w) for w in _list(f"{path}.weights", raw_weights))
    sizes = tuple(_whole(f"{path}.sizes", s) for s in _list(f"{path}.sizes", raw_sizes))
    kernels = tuple(_whole(f"{path}.kernels", k) for k in _list(f"{path}.kernels", raw_kernels))
    columns = {name: np.asarray(arrays.get(f"{prefix}/{name}"), np.float64) for name in (*SCALARS, "grad_norm")}
    count = len(columns["loss"])
    fits = all(columns[n].shape == (count,) for n in SCALARS) and columns["grad_norm"].shape == (count, len(weights))
    if not fits or len(sizes) != len(weights) or any(not 0 <= k < len(weights) for k in kernels):
        raise LayoutRefusal(f"{path}.measured", f"{count} rows of {len(weights)} weights", "other shapes")
    stride, start = (_whole(f"{path}.{k}", meta.get(k, 0)) for k in ("stride", "start"))
    view = ColumnView(count, max(stride, 1), **columns, start=start)
    per_epoch = _whole(f"{path}.steps_per_epoch", meta.get("steps_per_epoch", 1))
    layers = [weights[k][0] for k in kernels]
    return Measured(view, weights, sizes, kernels, per_epoch, _moments(path, layers, arrays, prefix))


def _moments(path: str, layers: Sequence[str], arrays: Arrays, prefix: str) -> tuple[Snapshot, ...]:
    places, figures = arrays.get(f"{prefix}/moments"), arrays.get(f"{prefix}/figures")
    if places is None or figures is None:
        return ()
    if figures.ndim != 3 or figures.shape[:2] != (len(places), len(layers)) or places.shape != (len(figures), 2):
        raise LayoutRefusal(f"{path}.figures", f"moments of {len(layers)} layers", str(figures.shape))
    rich = _stored_histograms(layers, arrays, prefix)
    known = min(figures.shape[2], len(FIGURES))
    none: dict[str, Any] = dict.fromkeys(FIGURES, math.nan)
    none["activation_percentiles"] = (math.nan,) * 3
    found = []
    for (step, epoch), rows in zip(places.tolist(), figures, strict=True):
        stats = tuple(
            LayerStats(
                **{**none, **dict(zip(FIGURES[:known], map(float, row[:known]), strict=True))},
                node=node, histograms=rich.get((step, node), {}),
            )
            for node, row in zip(layers, rows, strict=True)
        )  # fmt: skip
        found.append(Snapshot(step=step, epoch=epoch, layers=stats))
    return tuple(found)


def _stored_histograms(
    layers: Sequence[str], arrays: Arrays, prefix: str
) -> dict[tuple[int, str], dict[str, Histogram]]:
    counts, ends, steps = (arrays.get(f"{prefix}/{name}") for name in ("counts", "ends", "counted"))
    if counts is None or ends is None or steps is None:
        return {}
    shape = (len(steps), len(layers), len(TENSORS))
    if counts.shape[:3] != shape or ends.shape != (*shape, 4):
        return {}
    found: dict[tuple[int, str], dict[str, Histogram]] = {}
    for t, step in enumerate(steps.tolist()):
        for k, node in enumerate(layers):
            found[step, node] = {
                tensor: Histogram(counts[t, k, j].astype(np.int64), *map(float, ends[t, k, j]))
                for j, tensor in enumerate(TENSORS)
                if np.isfinite(ends[t, k, j, 0])
            }
    return found


def _list(path: str, value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise LayoutRefusal(path, "a list", value)
    return value


def _whole(path: str, value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise LayoutRefusal(path, "a whole number", value)
    return value


def _pair(path: str, value: Json) -> tuple[str, str]:
    node, slash, name = str(value).partition("/")
    if not slash:
        raise LayoutRefusal(f"{path}.weights", "node/weight", value)
    return node, name


# a graph.json ---------------------------------------------------------------------------------------------------------


def few_rows(m: Measured) -> dict[str, Json]:
    """Columns by name, gradient norms by weight; with what they mean, as in an archive."""
    view = thinned(m.view, FEW_ROWS)
    found: dict[str, Json] = {name: _short(getattr(view, name)[: view.count]) for name in SCALARS}
    norms: dict[str, Json] = {
        f"{node}/{name}": _short(view.grad_norm[: view.count, k]) for k, (node, name) in enumerate(m.weights)
    }
    return {**meta_json(m), "stride": view.stride, "columns": {**found, "grad_norm": norms}}


def _short(values: NDArray[np.float64]) -> list[Json]:
    return [float(f"{v:.4g}") if math.isfinite(v) else None for v in values.tolist()]


def arrays_of_rows(path: str, meta: Json, prefix: str) -> dict[str, NDArray[Any]]:
    """The columns of a graph.json as an archive would hold them; LayoutRefusal names what is malformed."""
    if not isinstance(meta, dict) or "columns" not in meta:
        return {}
    columns = meta["columns"]
    if not isinstance(columns, dict) or not isinstance(columns.get("grad_norm"), dict):
        raise LayoutRefusal(f"{path}.columns", "an object with grad_norm", columns)
    norms = columns["grad_norm"]
    assert isinstance(norms, dict)
    count = len(_list(f"{path}.columns.loss", columns.get("loss", [])))
    found = {f"{prefix}/{n}": _row(f"{path}.columns.{n}", columns.get(n, []), count) for n in SCALARS}
    rows = [_row(f"{path}.columns.{name}", values, count) for name, values in norms.items()]
    found[f"{prefix}/grad_norm"] = np.array(rows).T if rows else np.zeros((count, 0))
    return found


def _row(path: str, value: Json, count: int) -> NDArray[np.float64]:
    row = _list(path, value)
    if len(row) != count or not all(v is None or isinstance(v, int | float) for v in row):
        raise LayoutRefusal(path, f"{count} numbers or null", value)
    return np.array([math.nan if v is None else v for v in row], np.float64)
