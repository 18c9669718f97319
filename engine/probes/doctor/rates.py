"""Rules about the size of steps and of the first loss."""

from __future__ import annotations

import math

import numpy as np

from engine.declare import Spec
from engine.layers import Fix
from engine.probes.doctor.common import WARM, median, unscaled
from engine.probes.doctor.signals import exploding, no_gradient, saturation, vanishing
from engine.probes.evidence import Card, Evidence, loudest


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


def over_limit(e: Evidence) -> Card | None:
    """Nothing is learned, and the valley is half again as sharp as the rate allows, at the start or now."""
    if not e.sharpness > 1.5 * e.stable_limit or rate_too_large(e) is not None or unscaled(e):
        return None
    if e.diverged or vanishing(e) or exploding(e) or (e.start and saturation(e)):
        return None
    return Card(
        "over_limit",
        "warning",
        "Learning rate over the stable limit",
        "The loss is still at {last:.3g}; sharpness is {sharpness:.3g}, and a rate of {rate:g} is stable below "
        "{limit:.3g}.",
        "Above that limit (2 / rate for plain gradient descent) a step lands higher on the other side of the valley.",
        "Cohen et al. 2021",
        {
            "last": float(np.mean(e.step_losses[-WARM:])),
            "sharpness": e.sharpness,
            "rate": e.rate,
            "limit": e.stable_limit,
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
    """What labels that say nothing would cost at the start lies far above guessing: the logits are too large.

    Judged by that expectation and not by the loss itself, which the luck of the labels moves either way.
    """
    if not math.isfinite(e.expected_first) or e.expected_first <= loudest(e.guess) or unscaled(e):
        return None
    return Card(
        "first_loss",
        "warning",
        "First loss off its expectation",
        "The loss is {first:,.2f} before any step, where guessing would cost {guess:.2f}; with logits this large even "
        "random labels would cost {blind:,.2f}.",
        "The outputs start far from zero: the last layer's weights, or what reaches them, are too large.",
        "Karpathy 2019",
        {"first": e.first_loss, "blind": e.expected_first, "guess": e.guess},
        (e.now[-1].node,) if e.now else (),
        (Fix("Small last layer (gain 0.01)", "set_last", {"weight_init": Spec("xavier_normal", {"gain": 0.01})}),),
    )
