"""Training: a deterministic trainer, the worker thread that drives it, and what can be resumed."""

from engine.training.columns import Columns, ColumnView
from engine.training.session import Session
from engine.training.trainer import EpochRecord, ResumeState, Trainer

__all__ = ["ColumnView", "Columns", "EpochRecord", "ResumeState", "Session", "Trainer"]
