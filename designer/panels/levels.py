"""Which layers deserve an alarm: one rule for the profile, the cards and whatever else shows it. No plots here."""

from __future__ import annotations

from engine.probes import LayerStats, Snapshot
from engine.probes.evidence import Card
from engine.training.examination import Report

#: what a finding is told by, as a quantity of the profile (a field of LayerStats)
EVIDENCE = {
    "no_gradient": "delta_rms",
    "vanishing_gradient": "delta_rms",
    "exploding_gradient": "delta_rms",
    "saturation": "saturation",
    "dead_units": "dead",
    "rate_too_small": "update_ratio",
}


def level_of(layer: LayerStats, last: LayerStats) -> str:
    """ "error", "warning" or "": this layer's gradient against that of the last one.

    Bands after Glorot & Bengio 2010: below 1e-3 a warning, below 3e-4 or above 1e3 an alarm.
    """
    if not last.delta_rms:
        return ""
    ratio = layer.delta_rms / last.delta_rms
    if ratio < 3e-4 or ratio > 1e3:
        return "error"
    return "warning" if ratio < 1e-3 else ""


def levels_of(snapshot: Snapshot, report: Report | None = None) -> dict[str, str]:
    """The alarm of each layer that has one: by its gradient now, or because a finding of the doctor names it."""
    if not snapshot.layers:
        return {}
    last = snapshot.layers[-1]
    found = {s.node: level_of(s, last) for s in snapshot.layers}
    for node, cards in findings_of(report).items():
        if node in found and found[node] != "error":
            found[node] = "error" if any(c.severity == "alarm" for c in cards) else "warning"
    return {k: v for k, v in found.items() if v}


def findings_of(report: Report | None) -> dict[str, list[Card]]:
    """Node -> the findings that name it."""
    found: dict[str, list[Card]] = {}
    for card in report.cards if report is not None else ():
        for node in card.layers:
            found.setdefault(node, []).append(card)
    return found


def telling_quantity(report: Report | None) -> str:
    """What the gravest finding is told by, ""."""
    cards = report.cards if report is not None else ()
    return next((EVIDENCE[c.rule] for c in cards if c.rule in EVIDENCE), "")
