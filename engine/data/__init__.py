"""Data: sources, readers, splits and batches. Depends on nothing of the engine but graph and declare."""

from engine.data.batches import batch_count, batch_rows, epoch_order
from engine.data.dataset import SPLITS, Column, Dataset, Preview, Split, SplitName, Task
from engine.data.errors import DataError
from engine.data.preparation import Preparation

__all__ = [
    "SPLITS",
    "Column",
    "DataError",
    "Dataset",
    "Preparation",
    "Preview",
    "Split",
    "SplitName",
    "Task",
    "batch_count",
    "batch_rows",
    "epoch_order",
]
