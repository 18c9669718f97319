"""Data: sources, readers, splits and batches. Depends on nothing of the engine but graph and declare."""

from engine.data.batches import batch_count, batch_rows, epoch_order
from engine.data.dataset import SPLITS, Column, Dataset, Preview, Split, SplitName, Task
from engine.data.errors import DataError
from engine.data.guess import Guess, Suggestion, adapt, guess
from engine.data.inputs import prepared, read_inputs
from engine.data.load import load_dataset, split_samples
from engine.data.preparation import Preparation
from engine.data.source import SOURCES, Samples, Source
from engine.data.transform import TRANSFORMS

__all__ = [
    "SOURCES",
    "SPLITS",
    "TRANSFORMS",
    "Column",
    "DataError",
    "Dataset",
    "Guess",
    "Preparation",
    "Preview",
    "Samples",
    "Source",
    "Split",
    "SplitName",
    "Suggestion",
    "Task",
    "adapt",
    "batch_count",
    "batch_rows",
    "epoch_order",
    "guess",
    "load_dataset",
    "prepared",
    "read_inputs",
    "split_samples",
]
