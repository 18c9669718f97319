"""``gradloom train|predict|check|info|export`` in a terminal, without any window."""

from engine.cli.main import main

__all__ = ["main"]
