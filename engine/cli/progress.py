"""How a training is told: a bar with ETA on a terminal, plain lines elsewhere; JSON lines in a file."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from engine.cli.text import clock
from engine.files.errors import FormatError
from engine.training import EpochRecord, Trainer

BAR = 24
MOST_LINES = 50


class Progress:
    """Told after every piece of work and every epoch."""

    def __init__(self, trainer: Trainer, quiet: bool) -> None:
        self._trainer, self._quiet = trainer, quiet
        self._bar = not quiet and sys.stderr.isatty()
        self._every = max(1, trainer.setup.epochs // MOST_LINES)
        self._drawn = 0.0
        self._started, self._first = time.perf_counter(), trainer.step
        self._metric = "error" if trainer.dataset.task == "values" else "accuracy"

    def work(self) -> None:
        """Redraw the bar, ten times a second at most."""
        now = time.perf_counter()
        if self._bar and now - self._drawn > 0.1:
            self._drawn = now
            print(f"\r{self._bar_line(now)}\x1b[K", end="", file=sys.stderr, flush=True)

    def _bar_line(self, now: float) -> str:
        t = self._trainer
        share = min(t.step / max(t.total_steps, 1), 1.0)
        filled = int(share * BAR)
        speed = (t.step - self._first) / max(now - self._started, 1e-9)
        left = clock((t.total_steps - t.step) / speed) if speed > 0 else "-"
        last = f"  {self._figures(t.epochs[-1])}" if t.epochs else ""
        where = f"epoch {min(t.epoch + 1, t.setup.epochs)}/{t.setup.epochs}  step {t.step:,}"
        return f"{where} [{'#' * filled}{'.' * (BAR - filled)}] {share:4.0%}{last}  {speed:,.0f} steps/s  ETA {left}"

    def epoch(self, record: EpochRecord) -> None:
        """One plain line, unless there is a bar; of very many epochs only some."""
        last = record.epoch == self._trainer.setup.epochs
        if self._quiet or self._bar or (record.epoch % self._every and record.epoch != 1 and not last):
            return
        head = f"epoch {record.epoch}/{self._trainer.setup.epochs}  step {record.step:,}"
        print(f"{head}  {self._figures(record)}  {clock(record.seconds)}", flush=True)

    def _figures(self, r: EpochRecord) -> str:
        parts = [f"loss {r.train_loss:.4g}"]
        if not math.isnan(r.train_metric):
            parts.append(self._metric_text(r.train_metric))
        if not math.isnan(r.validation_loss):
            parts.append(f"validation {r.validation_loss:.4g}")
            if not math.isnan(r.validation_metric):
                parts.append(self._metric_text(r.validation_metric))
        return "  ".join(parts)

    def _metric_text(self, value: float) -> str:
        return f"{value:.1%}" if self._metric == "accuracy" else f"error {value:.4g}"

    def end(self, text: str) -> None:
        """Clear the bar and say how it ended."""
        if self._bar:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        if not self._quiet:
            print(text, flush=True)


class CompilationBar:
    """Told while the fast kernels compile, which a first step waits for: a bar on a terminal, a line elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._started = time.perf_counter()

    def __call__(self, done: int, count: int, family: str) -> None:
        if self._quiet:
            return
        if not sys.stderr.isatty():
            if done == 0:
                print("compiling the fast kernels, once", file=sys.stderr, flush=True)
            return
        if done == 0:
            self._started = time.perf_counter()
        filled = done * BAR // count
        spent = time.perf_counter() - self._started
        left = clock(spent * (count - done) / done) if done else "-"
        bar = f"[{'#' * filled}{'.' * (BAR - filled)}] {done} of {count}  ETA {left}"
        line = "" if done == count else f"compiling the fast kernels, once {bar}"
        print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)


class MetricsFile:
    """JSON lines, each complete on the disk before the next begins. A context manager; does nothing without a path."""

    def __init__(self, path: str | None, task: str) -> None:
        self._metric = "error" if task == "values" else "accuracy"
        self._file: IO[str] | None = None
        if path:
            try:
                self._file = Path(path).open("w", encoding="utf-8")  # noqa: SIM115
            except OSError as e:
                raise FormatError(
                    path, "", "it cannot be written", got=e.strerror or str(e), remedy="choose another place"
                ) from e

    def __enter__(self) -> MetricsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def epoch(self, r: EpochRecord) -> None:
        """A line for train and, where there is one, for validation."""
        self.line(r.epoch, r.step, "train", r.train_loss, r.train_metric, r.seconds)
        if not math.isnan(r.validation_loss):
            self.line(r.epoch, r.step, "validation", r.validation_loss, r.validation_metric, r.seconds)

    def line(self, epoch: int, step: int, split: str, loss: float, metric: float, seconds: float) -> None:
        """One object; figures that are undefined are null."""
        if self._file is None:
            return
        entry: dict[str, Any] = {"epoch": epoch, "step": step, "split": split, "loss": loss, self._metric: metric}
        entry["seconds"] = round(seconds, 3)
        entry = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in entry.items()}
        print(json.dumps(entry), file=self._file, flush=True)
