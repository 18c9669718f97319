"""Rules about data and set-up, which need no training."""

from __future__ import annotations

from engine.declare import Spec
from engine.layers import Fix
from engine.probes.doctor.common import names_of, unscaled
from engine.probes.evidence import Card, Evidence


def not_standardised(e: Evidence) -> Card | None:
    """Inputs far from zero mean and unit spread, or features of very different spread."""
    if not unscaled(e):
        return None
    worst = max(e.inputs, key=lambda f: f.rms)
    return Card(
        "not_standardised",
        "warning",
        "Inputs are not standardised",
        "Root mean square {rms:.3g}; the features' standard deviations run from {low:.3g} to {high:.3g}.",
        "Large inputs saturate or blow up the first layer, and one learning rate cannot suit all features.",
        "LeCun et al. 1998",
        {"rms": worst.rms, "low": worst.sd_low, "high": worst.sd_high},
        (e.now[0].node,) if e.now else (),
        (Fix("Standardise the inputs", "set_data", {"standardize": True}),),
    )


def imbalance(e: Evidence) -> Card | None:
    """The largest class has more than eight times the samples of the smallest."""
    counts = [c for c in e.class_counts if c > 0]
    if len(counts) < 2 or max(counts) < 8 * min(counts):
        return None
    return Card(
        "imbalance",
        "warning",
        "Classes are out of balance",
        "The largest class has {large} training samples, the smallest {small}.",
        "Accuracy looks good by guessing the large class; watch balanced accuracy.",
        "Chawla et al. 2002",
        {"large": max(counts), "small": min(counts)},
        (),
        _balancing(e),
    )


def _balancing(e: Evidence) -> tuple[Fix, ...]:
    """The loss in use with weights that make every class count the same: n / (C n_c) (King & Zeng 2001)."""
    counts = [max(c, 1) for c in e.class_counts]
    if e.loss == "binary_cross_entropy" and len(counts) == 2:
        # With gamma 0 the focal loss is a weighted cross-entropy; alpha is the weight of class 1.
        chosen = Spec("binary_focal", {"alpha": round(counts[0] / sum(counts), 4), "gamma": 0.0})
    elif e.loss in ("softmax_cross_entropy", "weighted_cross_entropy", "focal"):
        weights = tuple(round(sum(counts) / (len(counts) * c), 4) for c in counts)
        chosen = Spec("weighted_cross_entropy", {"weights": weights})
    else:
        return ()
    return (Fix("Class-weighted cross-entropy", "set_loss", {"value": chosen}),)


def tiny_batch(e: Evidence) -> Card | None:
    """Batch norm over fewer than eight samples."""
    if not e.norms or e.batch >= 8:
        return None
    return Card(
        "tiny_batch",
        "warning",
        "Batch norm over a tiny batch",
        "{names} estimate mean and variance from {batch} samples.",
        "Such estimates are noise: training and evaluation then see different networks.",
        "Ioffe & Szegedy 2015; Wu & He 2018",
        {"names": names_of(e, e.norms), "batch": e.batch},
        e.norms,
        (Fix("Batches of 32", "set_training", {"batch_size": 32}),),
    )


def softmax_missing(e: Evidence) -> Card | None:
    """Several classes learned by a squared error on outputs that are no probabilities."""
    if e.task != "classes" or e.loss not in ("mse", "half_squared", "mae", "huber") or e.ends_with == "softmax":
        return None
    return Card(
        "softmax_missing",
        "warning",
        "Classes without softmax and cross-entropy",
        "{loss} on outputs that end with {last}.",
        "They need not add up to one, and a confident mistake is hardly punished.",
        "Bridle 1990",
        {"loss": e.loss.replace("_", " "), "last": e.ends_with or "linear"},
        (e.now[-1].node,) if e.now else (),
        (Fix("Softmax with cross-entropy", "set_loss", {"value": "softmax_cross_entropy"}),),
    )
