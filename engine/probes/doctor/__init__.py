"""The doctor: rules that look at a training and say what ails it, with numbers, layers, cause, source and fixes.

A rule fires on what a healthy net of any kind does not show; where a single figure misleads (small nets saturate,
Adam's first updates are large) it asks for a second sign. Quiet on healthy nets is worth more than early on ill ones.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.probes.doctor.curves import label_noise, overfitting, plateau, underfitting
from engine.probes.doctor.rates import first_loss, over_limit, rate_too_large, rate_too_small
from engine.probes.doctor.setup import imbalance, not_standardised, softmax_missing, tiny_batch
from engine.probes.doctor.signals import dead_units, exploding, no_gradient, saturation, vanishing
from engine.probes.evidence import Card, Evidence

__all__ = ["RULES", "Card", "Evidence", "diagnose"]

RULES: tuple[Callable[[Evidence], Card | None], ...] = (
    no_gradient, vanishing, exploding, saturation, dead_units, rate_too_large, over_limit, rate_too_small, first_loss,
    overfitting, label_noise, underfitting, plateau, not_standardised, imbalance, tiny_batch, softmax_missing,
)  # fmt: skip


def diagnose(e: Evidence) -> tuple[Card, ...]:
    """All findings, alarms first, each rule at most once."""
    found = [card for rule in RULES if (card := rule(e)) is not None]
    return tuple(sorted(found, key=lambda c: c.severity != "alarm"))
