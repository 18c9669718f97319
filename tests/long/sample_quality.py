"""Samples trained in full, three seeds each: MNIST and Fashion CNN, residual net, digits, spiral and XOR MLP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.data import load_dataset
from engine.files.project_file import read
from engine.training import Trainer

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SEEDS = 3
#: sample -> (figure of the test set, at least or at most, bound)
WANTED = {
    "spiral": ("loss", "below", 0.05),
    "xor_mlp": ("loss", "below", 0.1),
    "oscillating_xor": ("accuracy", "at least", 1.0),
    "digits_mlp": ("accuracy", "at least", 0.96),
    "residual_net": ("accuracy", "at least", 0.96),
    "mnist_cnn": ("accuracy", "at least", 0.97),
    "fashion_cnn": ("accuracy", "at least", 0.86),
}


def run(seed: int, count: int | None) -> bool:
    """``count``: seeds per sample. The mean over them is judged."""
    held = True
    for name, (figure, sense, bound) in WANTED.items():
        results = [_trained(name, seed + k, figure) for k in range(count or SEEDS)]
        mean = sum(v for v, _ in results) / len(results)
        good = mean < bound if sense == "below" else mean >= bound
        each = ", ".join(f"{v:.4f}" for v, _ in results)
        seconds = sum(s for _, s in results) / len(results)
        verdict = "ok" if good else "MISSED"
        print(
            f"{name:14} test {figure} {mean:.4f} ({each}); asked {sense} {bound}: {verdict}; {seconds:.0f} s a run",
            flush=True,
        )
        held &= good
    return held


def _trained(name: str, seed: int, figure: str) -> tuple[float, float]:
    """(figure of the test set, seconds) after a full training from this seed, on the default backend."""
    project = read(SAMPLES / f"{name}.json").project
    project = replace(project, training=replace(project.training, seed=seed))
    trainer = Trainer(project, load_dataset(project.data, SAMPLES))
    trainer.run()
    trainer.executable.close()
    result = trainer.test_result
    if result is None:
        raise AssertionError(f"{name} has no test set, or diverged")
    return (result.loss if figure == "loss" else result.metrics[figure]), trainer.seconds
