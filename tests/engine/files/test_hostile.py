"""Mutated files are read or refused by FormatError: no other exception, no signal, no hang. Many more in tests.long."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from engine.files.project_file import parts
from tests.engine.files.hostile import mutated, survives
from tests.engine.files.projects import small_project

ROOT = Path(__file__).resolve().parents[3]


def seeds() -> list[bytes]:
    """Good files to start from."""
    weights = {("h", "weight"): np.ones((4, 3), np.float32), ("h", "bias"): np.zeros(4)}
    archive = b"".join(parts("x.gradloom", small_project(), weights))
    plain = [p.read_bytes() for p in sorted((ROOT / "samples").glob("*.json"))]
    return [b"".join(parts("x.json", small_project())), archive, *plain]


def test_mutated_files_are_read_or_refused(seed: int) -> None:
    draw = random.Random(seed)
    good = seeds()
    accepted = sum(survives(mutated(draw.choice(good), draw)) for _ in range(600))
    assert 0 < accepted < 500, "mutations that never or always pass test nothing"


def test_the_good_files_pass() -> None:
    assert all(survives(data) for data in seeds())
