"""Which layers deserve an alarm: one rule for the profile, the cards and whatever else shows it. No plots here."""

from __future__ import annotations

from engine.probes import LayerStats, Snapshot


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


def levels_of(snapshot: Snapshot) -> dict[str, str]:
    """The alarm of each layer that has one."""
    if not snapshot.layers:
        return {}
    last = snapshot.layers[-1]
    found = {s.node: level_of(s, last) for s in snapshot.layers}
    return {k: v for k, v in found.items() if v}
