"""What is looked at while training runs: requests, statistics, snapshots, and the mailbox that hands them over."""

from engine.probes.capture import capture
from engine.probes.mailbox import Mailbox
from engine.probes.snapshot import Histogram, LayerStats, ProbeRequest, Snapshot

__all__ = ["Histogram", "LayerStats", "Mailbox", "ProbeRequest", "Snapshot", "capture"]
