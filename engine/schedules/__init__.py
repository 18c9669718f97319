"""Learning-rate schedules: a file, a class, a docstring."""

from engine.schedules.base import SCHEDULES, Schedule

__all__ = ["SCHEDULES", "Schedule"]
