from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.desktop import Desktop, Program, missing_tools


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    """A display with a window manager."""
    reason = missing_tools()
    if reason:
        pytest.skip(reason)
    found = Desktop()
    yield found
    found.close()


@pytest.fixture
def start(desktop: Desktop, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts the program; whatever still runs is ended."""
    made: list[Program] = []

    def run(*arguments: str) -> Program:
        program = Program(desktop, tmp_path, *arguments)
        made.append(program)
        return program

    yield run
    for program in made:
        program.close()
