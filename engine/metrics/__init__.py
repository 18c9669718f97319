"""Metrics: a file, a class, a docstring."""

from engine.metrics.base import METRICS, Metric, predicted_classes
from engine.metrics.confusion import confusion_matrix

__all__ = ["METRICS", "Metric", "confusion_matrix", "predicted_classes"]
