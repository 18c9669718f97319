"""Counts that take minutes. Each module here has ``run(seed, count) -> bool``; see ``python -m tests.long --list``."""
