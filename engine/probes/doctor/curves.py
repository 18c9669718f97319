"""Rules about the course of learning: by heart, by chance, not at all."""

from __future__ import annotations

import math

import numpy as np

from engine.declare import Spec
from engine.layers import Fix
from engine.probes.doctor.common import unscaled
from engine.probes.doctor.rates import rate_too_large, rate_too_small
from engine.probes.doctor.signals import dead_units, no_gradient, saturation, vanishing
from engine.probes.evidence import Card, Evidence


def overfitting(e: Evidence) -> Card | None:
    """Training loss far under guessing, validation loss not: risen a third above its best, or never good."""
    train, validation = e.train_loss, e.validation_loss
    if len(validation) < 6 or not np.isfinite(validation).all() or label_noise(e) is not None or e.diverged:
        return None
    best = int(np.argmin(validation))
    risen = validation[-1] / max(float(validation[best]), 1e-9)
    fell_on = best < len(validation) - 3 and train[-1] <= 0.8 * train[best]
    turned = fell_on and risen >= 1.35 and validation[-1] - validation[best] >= 0.05 * e.baseline
    never = train[-1] < 0.1 * e.baseline and validation[-1] > 0.6 * e.baseline
    if not (turned or never):
        return None
    return Card(
        "overfitting",
        "warning",
        "Overfitting",
        "Validation loss was {best:.3g} in epoch {epoch} and is {now:.3g}; training loss fell on to {train:.3g}.",
        "The network learns the training samples themselves, {samples} of them.",
        "Srivastava et al. 2014",
        {
            "best": float(validation[best]),
            "epoch": best + 1,
            "now": float(validation[-1]),
            "train": float(train[-1]),
            "samples": e.samples,
        },
        (),
        (
            Fix("Dropout 0.3 in all hidden layers", "set_hidden", {"dropout": 0.3}),
            Fix("L2 rate 0.001 in all layers", "set_all", {"l2": 0.001}),
            Fix("Stop after 5 epochs without improvement", "set_training", {"patience": 5}),
        ),
    )


def label_noise(e: Evidence) -> Card | None:
    """Training samples learned well, validation no better than chance: labels that say nothing."""
    classes = len([c for c in e.class_counts if c > 0])
    if classes < 2 or len(e.train_metric) < 6:
        return None
    chance = max(e.class_counts) / max(sum(e.class_counts), 1)
    learned = e.train_metric[-1] > chance + 0.6 * (1 - chance)
    best = np.nanmax(e.validation_metric) if np.isfinite(e.validation_metric).any() else math.nan
    if not learned or not best < chance + 0.15 * (1 - chance):
        return None
    return Card(
        "labels",
        "alarm",
        "Labels do not match the inputs",
        "{train:.0%} of the training samples are right, but at best {validation:.0%} of the others; "
        "chance is {chance:.0%}.",
        "What was learned is by heart: the labels look shuffled, or are unrelated to the inputs.",
        "Zhang et al. 2017",
        {"train": float(e.train_metric[-1]), "validation": float(best), "chance": chance},
    )


def underfitting(e: Evidence) -> Card | None:
    """The training loss has stood still at what guessing gives, though updates and gradients are there."""
    if len(e.train_loss) < 10 or vanishing(e) or no_gradient(e) or rate_too_large(e) or rate_too_small(e):
        return None
    recent = e.train_loss[-max(len(e.train_loss) // 3, 5) :]
    still = (recent.max() - recent.min()) < 0.02 * abs(float(recent.mean()))
    if not still or recent[-1] < 0.93 * e.baseline or dead_units(e) or unscaled(e) or saturation(e):
        return None
    return Card(
        "underfitting",
        "warning",
        "Learns nothing more than guessing",
        "Training loss rests at {loss:.3g} since {epochs} epochs; always guessing the average gives {baseline:.3g}.",
        "The network cannot express the task: it is too small, or lacks a hidden layer between input and output.",
        "Minsky & Papert 1969",
        {"loss": float(recent[-1]), "epochs": len(recent), "baseline": e.baseline},
        (),
        (Fix("Twice the units in all hidden layers", "scale_units", {"factor": 2}),),
    )


def plateau(e: Evidence) -> Card | None:
    """Learning began, then the training loss stood still for a third of the run, half-way between guessing and zero."""
    if len(e.train_loss) < 15 or e.diverged or label_noise(e) is not None or overfitting(e) is not None:
        return None
    recent = e.train_loss[-max(len(e.train_loss) // 3, 8) :]
    still = (recent.max() - recent.min()) < 0.02 * abs(float(recent.mean()))
    if not still or not 0.35 * e.baseline < recent[-1] < 0.93 * e.baseline or vanishing(e) or dead_units(e):
        return None
    return Card(
        "plateau",
        "warning",
        "Learning stands still",
        "Training loss fell to {loss:.3g}, {share:.0%} of what guessing gives, and rests there since {epochs} epochs.",
        "The steps go to and fro across the valley, or the network has no room for the rest of the task.",
        "Goodfellow, Bengio & Courville 2016, ch. 8",
        {"loss": float(recent[-1]), "share": float(recent[-1]) / e.baseline, "epochs": len(recent)},
        (),
        (
            Fix("A learning rate that falls along a cosine", "set_training", {"schedule": Spec("cosine")}),
            Fix("Twice the units in all hidden layers", "scale_units", {"factor": 2}),
        ),
    )
