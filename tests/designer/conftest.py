"""As in the program, where a Collector sees to it: no thread but the window's own collects what belongs to Qt."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_collection_by_workers() -> Iterator[None]:
    """Automatic collection, which comes in whatever thread allocates, rests during a test: a worker that frees an
    object of Qt crashes the process, now or later."""
    gc.disable()
    yield
    gc.enable()
