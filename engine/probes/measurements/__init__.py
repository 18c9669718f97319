"""Measurements that cost too much for every step: made on demand or on a schedule, on copies of the weights.

They know no threads and no trainer; each takes a plan, weights and samples, and a ``Watch`` that tells how far it is.
"""

from engine.probes.measurements.watch import StoppedError, Watch

__all__ = ["StoppedError", "Watch"]
