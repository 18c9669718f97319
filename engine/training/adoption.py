"""Going on with a training whose project was changed: what still fits is kept, and what does not is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.backends.initial import carry_over
from engine.graph import Project
from engine.training.resume import ResumeState, keyed, keyed_slots, restore, with_nan

if TYPE_CHECKING:
    from engine.training.trainer import Trainer

Key = tuple[str, str]


@dataclass(frozen=True)
class Adopted:
    """The rule: a weight is kept where node, name and shape are still there; all others start from their initializer.

    ``fresh``: weights that start anew; ``dropped``: those that have no place any more; ``settled``: kept ones whose
    initializer was changed, which says nothing to a weight that is already trained. ``optimizer_kept``: whether
    momenta go on; ``same_batches``: whether the steps to come train on the very same samples. ``exact``: nothing was
    changed that the state depends on, so that it goes on bit for bit.
    """

    fresh: tuple[Key, ...] = ()
    dropped: tuple[Key, ...] = ()
    settled: tuple[Key, ...] = ()
    optimizer_kept: bool = True
    same_batches: bool = True
    exact: bool = True


def adopt(trainer: Trainer, state: ResumeState, origin: Project) -> Adopted:
    """Put the state of a training of ``origin`` into a trainer of a changed project; of the very same, as ``restore``.

    Where the batches are others than before (batch size, seed, number of samples), the current epoch starts anew.
    """
    if origin is trainer.project:
        restore(trainer, state)
        return Adopted()
    weights = keyed(state.arrays, "weight")
    own = trainer.executable.weights()
    merged, fresh = carry_over(weights, own)
    dropped = tuple(k for k in weights if k not in own or k in fresh)
    same_optimizer = state.scalars["optimizer"] == trainer.optimizer.id
    batches = _same_batches(trainer, state)
    same_graph = _neutral(origin) == _neutral(trainer.project)
    strict = not fresh and not dropped and same_optimizer and batches and state.scalars["dtype"] == trainer.setup.dtype
    if strict and same_graph:
        restore(trainer, state)
    else:
        trainer.executable.load_weights(merged)
        if same_optimizer:
            _load_slots(trainer, state)
        _place(trainer, state, batches)
    _take_rate(trainer, origin)
    settled = tuple(k for k in _reinitialised(trainer, origin) if k not in fresh)
    return Adopted(fresh, dropped, settled, same_optimizer, batches, strict and same_graph)


def _neutral(project: Project) -> Any:
    return {k: replace(n, name="") for k, n in project.graph.nodes.items()}, project.graph.edges


def _same_batches(trainer: Trainer, state: ResumeState) -> bool:
    now = {
        "batch_size": trainer.setup.batch_size,
        "seed": trainer.setup.seed,
        "shuffle": trainer.setup.shuffle,
        "accumulate": trainer.setup.accumulate,
        "samples": len(trainer.dataset.train),
        "data": trainer.data_mark,
    }
    return all(state.scalars.get(name, value) == value for name, value in now.items())


def _load_slots(trainer: Trainer, state: ResumeState) -> None:
    own, stored = trainer.executable.optimizer_state(), keyed_slots(state.arrays)
    fitting = {
        key: {s: a for s, a in slots.items() if s in own[key] and own[key][s].shape == a.shape}
        for key, slots in stored.items()
        if key in own
    }
    trainer.executable.load_optimizer_state(fitting)


def _place(trainer: Trainer, state: ResumeState, same_batches: bool) -> None:
    """Where the changed training stands; early stopping counts anew, since another network is judged."""
    from engine.training.records import EpochRecord, EpochSums

    s = state.scalars
    trainer.epochs = [EpochRecord(**with_nan(e)) for e in s["epochs"]]
    trainer.seconds, trainer.base_rate = float(s["seconds"]), float(s["base_rate"])
    trainer.command_log = [dict(c) for c in s["command_log"]]
    if same_batches:
        trainer.step, trainer.sums = int(s["step"]), EpochSums(**s["sums"])
        if s["evaluating"]:
            trainer.begin_epoch_end()
    else:
        trainer.step = len(trainer.epochs) * trainer.steps_per_epoch
    trainer.columns.clear(trainer.step)


def _take_rate(trainer: Trainer, origin: Project) -> None:
    """A rate (or optimizer) that was chosen anew counts from here on; one that was left alone stays as it was."""
    if origin.training.optimizer != trainer.setup.optimizer and trainer.base_rate != trainer.optimizer.rate:
        trainer.set_rate(trainer.optimizer.rate)


def _reinitialised(trainer: Trainer, origin: Project) -> list[Key]:
    from engine.plan import build_plan

    before = {(w.node, w.name): w.init for w in build_plan(origin.graph).weights}
    return [k for w in trainer.plan.weights if (k := (w.node, w.name)) in before and before[k] != w.init]
