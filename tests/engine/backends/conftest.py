"""Kernels are compiled once for all tests of a run (GRADLOOM_KERNELS names a folder that outlives the run)."""

from __future__ import annotations

import pytest

from engine.backends import prepare


@pytest.fixture(scope="session", autouse=True)
def kernels() -> None:
    """Compiled, before the first test's time starts."""
    prepare("tape")
