"""Clipping, accumulation and averaging from the command line: trained so, saved so, listed so, refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.cli.main import main
from engine.files.project_file import read
from engine.graph import TrainingSetup

XOR = str(Path(__file__).resolve().parents[3] / "samples" / "xor_mlp.json")


def test_options_reach_the_training_and_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "net.gradloom")
    options = ["--accumulate", "4", "--clip-norm", "0.5", "--clip-value", "0.25", "--ema", "0.9"]
    assert main(["train", XOR, "--epochs", "2", "--quiet", "--backend", "numpy", "--save", out, *options]) == 0
    saved = read(out)
    t: TrainingSetup = saved.project.training
    assert (t.accumulate, t.clip_norm, t.clip_value, t.ema_decay) == (4, 0.5, 0.25, 0.9)
    assert saved.weights is not None and saved.resume is not None
    means = {k.removeprefix("mean|"): v for k, v in saved.resume.arrays.items() if k.startswith("mean|")}
    assert means and all(np.array_equal(saved.weights[tuple(k.split("|"))], v) for k, v in means.items())
    capsys.readouterr()
    assert main(["info", out]) == 0
    listed = capsys.readouterr().out
    assert "update: gradients clipped at 0.25, their norm at 0.5, 4 batches an update, " in listed


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("--accumulate", "0", "1 or more"),
        ("--clip-norm", "0", "above 0"),
        ("--clip-value", "nan", "finite"),
        ("--ema", "1", "0 to 0.999999"),
        ("--ema", "much", "a number"),
    ],
)
def test_values_that_make_no_sense(option: str, value: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", XOR, option, value]) == 2
    assert word in capsys.readouterr().err
