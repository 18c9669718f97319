"""Rules about the size of steps and of the first loss."""

from __future__ import annotations

import math

import numpy as np

from engine.declare import Spec
from engine.layers import Fix
from engine.probes.doctor.common import WARM, median, unscaled
from engine.probes.doctor.signals import exploding, no_gradient, saturation, vanishing
from engine.probes.evidence import Card, Evidence


def rate_too_large(e: Evidence) -> Card | None:
    """Diverged; or the loss rests above where it began, or above guessing while its updates are large."""
    losses = e.step_losses
    if e.diverged:
        worse = True
    elif len(losses) < WARM:
        return None
    else:
        tail = float(np.mean(losses[-len(losses) // 4 :]))
        large = median(e.updates) > 10**-1.5
        worse = tail > 1.3 * max(e.first_loss, 1e-9) or (large and tail > 1.05 * e.baseline)
    if not worse or (e.start and saturation(e) is not None) or exploding(e) is not None or unscaled(e):
        return None
    return Card(
        "rate_too_large",
        "alarm",
        "Learning rate too large",
        "The loss went from {first:.3g} to {last:.3g} at a rate of {rate:g}{diverged}.",
        "Steps overshoot the valley: above 2 / sharpness each one lands higher than the last.",
        "Cohen et al. 2021",
        {
            "first": e.first_loss,
            "last": float(losses[-1]) if len(losses) else math.nan,
            "rate": e.rate,
            "diverged": f" ({e.diverged})" if e.diverged else "",
        },
        (),
        (Fix("A tenth of the learning rate", "scale_rate", {"factor": 0.1}),),
    )


def rate_too_small(e: Evidence) -> Card | None:
    """Updates under 1e-4 of the weights in every layer, and the loss has hardly moved."""
    if e.step < 2 * WARM or not e.updates or len(e.step_losses) < 2 * WARM:
        return None
    tail = float(np.mean(e.step_losses[-WARM:]))
    if not 0 < max(e.updates) <= 1e-4 or tail < 0.95 * e.first_loss or vanishing(e) or no_gradient(e):
        return None
    return Card(
        "rate_too_small",
        "warning",
        "Learning rate too small",
        "An update changes the weights by {share:.1e} of their size at most; the loss is still at {last:.3g}.",
        "About 1e-3 per step is usual.",
        "CS231n notes",
        {"share": max(e.updates), "last": tail},
        (),
        (Fix("Ten times the learning rate", "scale_rate", {"factor": 10.0}),),
    )


def first_loss(e: Evidence) -> Card | None:
    """Above twice ln C at the start although the logits' spread was expected to be small."""
    classes = len([c for c in e.class_counts if c > 0])
    if classes < 2 or not math.isfinite(e.expected_first) or "cross_entropy" not in e.loss:
        return None
    if e.first_loss <= 2 * math.log(classes) or e.first_loss <= 2 or unscaled(e):
        return None
    return Card(
        "first_loss",
        "warning",
        "First loss off its expectation",
        "{first:.2f} before any step, where guessing among {classes} classes gives {guess:.2f}.",
        "The logits start far from zero: the last layer's weights, or what reaches them, are too large.",
        "Karpathy 2019",
        {"first": e.first_loss, "classes": classes, "guess": math.log(classes)},
        (e.now[-1].node,) if e.now else (),
        (Fix("Small last layer (gain 0.01)", "set_last", {"weight_init": Spec("xavier_normal", {"gain": 0.01})}),),
    )
