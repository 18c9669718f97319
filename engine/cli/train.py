"""``train``: the trainer in the foreground, stoppable, with everything written that was asked for."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from engine.backends import compiling_told, slowed
from engine.cli.errors import UsageError
from engine.cli.loading import data_of
from engine.cli.progress import CompilationBar, MetricsFile, Progress
from engine.cli.text import clock
from engine.files import project_file
from engine.files.resume import ResumeState as StoredState
from engine.files.weights import write_weights
from engine.graph import Project
from engine.training import ResumeState, Trainer
from engine.training.resume import backend_for, threads_for

#: seconds between two looks at Ctrl+C
PIECE = 0.1


def train(options: Namespace) -> int:
    """0 when a stop rule ended it, 1 when it diverged, 130 after Ctrl+C."""
    _check_outputs(options)
    file = project_file.read(options.file)
    project = _changed(file.project, options)
    _check_backend(options.backend or "auto")
    wanted = options.backend or _possible(project)
    stored = ResumeState(file.resume.arrays, file.resume.scalars) if options.resume and file.resume else None
    backend = backend_for(wanted, stored)
    with compiling_told(CompilationBar(options.quiet)):
        trainer = Trainer(project, data_of(project, options.file), backend=backend, threads=threads_for(0, stored))
    _tell_of_kernels(trainer, wanted, options.quiet)
    if options.resume:
        _resume(trainer, file.resume, options.file)
    compiling = compiling_told(CompilationBar(options.quiet))
    with MetricsFile(options.metrics, trainer.dataset.task) as metrics, _stoppable() as stop, compiling:
        progress = Progress(trainer, options.quiet)
        _run(trainer, progress, metrics, stop)
        _tell(trainer, progress, metrics, bool(stop))
    _write(trainer, project, options)
    trainer.executable.close()
    if trainer.stopped == "diverged":
        return 1
    return 130 if stop else 0


def _changed(project: Project, options: Namespace) -> Project:
    asked = {
        "epochs": options.epochs,
        "seed": options.seed,
        "accumulate": options.accumulate,
        "clip_norm": options.clip_norm,
        "clip_value": options.clip_value,
        "ema_decay": options.ema,
    }
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    return replace(project, training=replace(project.training, **given))


def _check_outputs(options: Namespace) -> None:
    """Before hours of training, not after them."""
    if options.save and not project_file.is_archive(options.save):
        raise UsageError(f"--save {options.save}: the name must end with .gradloom")
    for path in (options.weights, options.save, options.metrics):
        if path and not Path(path).resolve().parent.is_dir():
            raise UsageError(f"{path}: there is no such folder")


def _tell_of_kernels(trainer: Trainer, wanted: str, quiet: bool) -> None:
    """A person at a terminal hears why the fast kernels do not run; a script's stderr stays as it is."""
    if quiet or not sys.stderr.isatty():
        return
    why = slowed(wanted, trainer.executable, trainer.rules)
    if why.lacks:
        print(f"trains with NumPy: the fast kernels have none for {', '.join(why.lacks)}", file=sys.stderr)
    elif why.awaits:
        remedy = "--backend tape compiles the fast kernels first (half a minute, once)"
        print(f"trains with NumPy; {remedy}", file=sys.stderr)


def _possible(project: Project) -> str:
    """What the project asks for, or "auto" where this machine lacks it: its file may come from another."""
    from engine.backends import possible

    asked = project.training.backend
    name, reason = possible(asked)
    if reason:
        print(f"the project asks for backend {asked!r}, but {reason}; training without it", file=sys.stderr)
    return name


def _check_backend(name: str) -> None:
    """Refused before the data is loaded."""
    from engine.backends import BackendUnavailableError, available

    if name != "auto" and name not in available():
        raise BackendUnavailableError(f"backend {name!r} is not available here; there are: {', '.join(available())}")


def _resume(trainer: Trainer, state: StoredState | None, path: str) -> None:
    if state is None:
        raise UsageError(f"{path}: it holds no state to resume from; `train --save OUT.gradloom` writes one")
    try:
        trainer.load_resume_state(ResumeState(state.arrays, state.scalars))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as e:
        raise UsageError(f"{path}: its training cannot go on with this set-up: {e}") from e
    if trainer.data_changed:
        told = "the data are not those that this training was trained on; it goes on with the new ones"
        print(f"note: {told}: losses before and after cannot be compared", file=sys.stderr)


def _run(trainer: Trainer, progress: Progress, metrics: MetricsFile, stop: list[int]) -> None:
    seen = trainer.epoch
    while not trainer.finished and not stop:
        trainer.advance(PIECE)
        progress.work()
        if trainer.epoch > seen:
            seen = trainer.epoch
            progress.epoch(trainer.epochs[-1])
            metrics.epoch(trainer.epochs[-1])


def _tell(trainer: Trainer, progress: Progress, metrics: MetricsFile, stopped: bool) -> None:
    reasons = {
        "epochs": "all epochs done",
        "target": "target loss reached",
        "patience": f"no improvement for {trainer.setup.patience} epochs",
    }
    if trainer.divergence is not None:
        d = trainer.divergence
        name = trainer.project.graph.nodes[d.node].name if d.node in trainer.project.graph.nodes else d.node
        advice = "lower the learning rate, or look at the data"
        progress.end(
            f"diverged at step {d.step}: {d.count} values of {d.tensor!r} at {name!r} are NaN or infinite; {advice}"
        )
        return
    why = "stopped" if stopped else reasons.get(trainer.stopped, trainer.stopped)
    if trainer.best_weights and trainer.stopped and trainer.setup.restore_best:
        why += f"; weights of epoch {trainer.best_epoch} restored"
    text = f"{why} after {trainer.epoch} epochs, {trainer.step:,} steps, {clock(trainer.seconds)}"
    result = trainer.test_result
    if result is not None and not stopped:
        metric = result.metrics.get(trainer.main_metric, float("nan"))
        metrics.line(trainer.epoch, trainer.step, "test", result.loss, metric, trainer.seconds)
        shown = f"error {metric:.4g}" if trainer.main_metric == "mae" else f"accuracy {metric:.2%}"
        text += f"\ntest: loss {result.loss:.4g}, {shown}"
    progress.end(text)


def _write(trainer: Trainer, project: Project, options: Namespace) -> None:
    weights = trainer.executable.weights()
    if options.weights:
        write_weights(options.weights, weights)
    if options.save:
        state = trainer.resume_state()
        project = project_file.moved(project, Path(options.file).resolve().parent, Path(options.save).resolve().parent)
        project_file.write(options.save, project, weights, state)


@contextmanager
def _stoppable() -> Iterator[list[int]]:
    """A list that Ctrl+C fills; the second Ctrl+C interrupts at once."""
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    try:
        before = signal.signal(signal.SIGINT, note)
    except ValueError:  # not the main thread; nobody can press Ctrl+C there
        yield asked
        return
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
