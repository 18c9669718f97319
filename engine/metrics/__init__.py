"""Metrics: a file, a class, a docstring."""

from engine.metrics.base import METRICS, Metric

__all__ = ["METRICS", "Metric"]
