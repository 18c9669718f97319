"""What a view asks for, and what it gets: plain values and host arrays, copies that nobody writes to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
#: values that a small picture of a layer's outputs is made of, at most
SPREAD_VALUES = 8192
Want = Literal["layers", "percentiles", "histograms", "spreads", "maps", "kernels", "surfaces", "autopsy"]


@dataclass(frozen=True)
class ProbeRequest:
    """What the visible views need. Nothing asked for costs nothing.

    ``sample``: one sample by input field (1, ...), for feature maps. ``grid``: points by input field (G*G, ...) on
    which every layer's units are evaluated, for decision surfaces; ``grid_side`` is G. ``max_units`` bounds maps.
    ``layer``: the only one whose percentiles are wanted; "" for all. ``near``: nodes whose spreads are wanted.
    ``sketch``: values of a tensor that its histogram is made of, at most, with counts scaled to all; 0 for every one.
    """

    wants: frozenset[Want] = frozenset()
    sample: Mapping[str, NDArray[Any]] | None = None
    grid: Mapping[str, NDArray[Any]] | None = None
    grid_side: int = 0
    max_units: int = 64
    layer: str = ""
    near: frozenset[str] = frozenset()
    sketch: int = 0


@dataclass(frozen=True)
class Histogram:
    """Counts in equal bins over [low, high], the 0.5 and 99.5 percentiles; ``minimum`` and ``maximum`` are raw.

    Values beyond the clip are counted in the outermost bins.
    """

    counts: NDArray[np.int64]
    low: float
    high: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class LayerStats:
    """One layer with a kernel, at one step. Symbols and bands as in the glossary of the analyzer.

    ``delta_rms``: RMS over batch and units of dL/dz, scaled to one sample's loss. ``saturation`` is nan where the
    activation has no flat ends; ``dead`` is nan where it cannot die. ``activation_percentiles`` (2, 50, 98) are nan
    where nobody asked for them. ``z_rms``: of the pre-activation. ``penalty_grad_rms``: of the L1 and L2 terms alone,
    which dL/dW leaves out.
    """

    node: str
    delta_rms: float
    weight_grad_rms: float
    weight_grad_norm: float
    bias_grad_norm: float
    weight_rms: float
    update_ratio: float
    gradient_ratio: float
    activation_mean: float
    activation_sd: float
    activation_percentiles: tuple[float, float, float]
    saturation: float
    dead: float
    penalty_grad_rms: float = math.nan
    z_rms: float = math.nan
    histograms: Mapping[str, Histogram] = field(default_factory=dict)


Cause = Literal["weights", "activation", "norm", "pool", "dropout", "shape", "merge", "attention", "interference"]


@dataclass(frozen=True)
class Path:
    """One of the ways that meet at a fork: ``node`` is where it leads, ``part`` which of that node's weights ("" where
    there is one way only). ``decades``: log10 of its RMS gradient over the strongest one's; 0 for that itself."""

    node: str
    part: str
    decades: float


@dataclass(frozen=True)
class Bar:
    """``decades``: log10 of the ratio of successive RMS gradients; negative where gradient is lost.

    ``paths``: of an interference bar, all ways that meet there, the one that is followed first.
    """

    node: str
    cause: Cause
    operation: str
    decades: float
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class LayerAutopsy:
    """From layer ``node`` to ``next`` (a layer with a kernel, or an Output): the bars sum to ``decades`` exactly.

    ``rms``: R of this layer, scaled to one sample's loss; 0 where no gradient arrives (then there are no bars).
    """

    node: str
    next: str
    rms: float
    bars: tuple[Bar, ...]

    @property
    def decades(self) -> float:
        """log10 R(node) - log10 R(next)."""
        return sum(b.decades for b in self.bars)


@dataclass(frozen=True)
class Snapshot:
    """Everything the visible views asked for, of one training step.

    ``flow``: node -> (RMS of its output, RMS of the loss's gradient there, one sample's scale; nan at an input).
    ``maps``: node -> (K, H, W) of the chosen sample; ``vectors``: node -> (K,) of the same;
    ``kernels``: node -> (K, C, h, w). ``surfaces``: node -> (K, G, G). ``spreads``: node -> its outputs over the batch,
    of large ones at most SPREAD_VALUES evenly taken. ``autopsy``: where the gradient went, layer by
    layer; made less often than the rest, the last one rides along. ``cost``: seconds that making it took.
    """

    step: int
    epoch: int
    layers: tuple[LayerStats, ...] = ()
    flow: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    maps: Mapping[str, Floats] = field(default_factory=dict)
    vectors: Mapping[str, Floats] = field(default_factory=dict)
    kernels: Mapping[str, Floats] = field(default_factory=dict)
    surfaces: Mapping[str, Floats] = field(default_factory=dict)
    spreads: Mapping[str, Histogram] = field(default_factory=dict)
    autopsy: tuple[LayerAutopsy, ...] = ()
    cost: float = 0.0
