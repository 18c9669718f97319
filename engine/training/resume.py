"""What a training needs to go on as if it had not stopped: arrays by name, and plain JSON scalars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.backends import Carried, DivergedError, available

if TYPE_CHECKING:
    from engine.training.trainer import Trainer


@dataclass(frozen=True)
class ResumeState:
    """``arrays``: "weight|node|name", the same with "best" and "end", "slot|node|name|slot", and "sum" and "mean" as in
    Carried. ``scalars``: JSON values.

    Losses are stored as they are in float64: their shortest decimal form reads back to the same bits.
    """

    arrays: Mapping[str, NDArray[Any]]
    scalars: Mapping[str, Any]


def resume_state(trainer: Trainer, *, history: bool = True) -> ResumeState:
    """The state of a trainer between two steps. Without ``history`` the figures of past epochs are left out.

    Evaluations are not stored: one that is under way is done again, and so is the last one, of the test set.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for (node, name), value in trainer.executable.weights().items():
        arrays[f"weight|{node}|{name}"] = value
    for (node, name), value in trainer.best_weights.items():
        arrays[f"best|{node}|{name}"] = value
    for (node, name), value in trainer.end_weights.items():
        arrays[f"end|{node}|{name}"] = value
    for (node, name), slots in trainer.executable.optimizer_state().items():
        for slot, value in slots.items():
            arrays[f"slot|{node}|{name}|{slot}"] = value
    carried = trainer.executable.carried()
    for kind, tensors in (("sum", carried.sums), ("mean", carried.mean)):
        for (node, name), value in tensors.items():
            arrays[f"{kind}|{node}|{name}"] = value
    scalars: dict[str, Any] = {
        "step": trainer.step,
        "seed": trainer.setup.seed,
        "dtype": trainer.setup.dtype,
        "batch_size": trainer.setup.batch_size,
        "accumulate": trainer.setup.accumulate,
        "held": carried.held,
        "shuffle": trainer.setup.shuffle,
        "samples": len(trainer.dataset.train),
        "data": trainer.data_mark,
        "optimizer": trainer.optimizer.id,
        "backend": trainer.executable.name,
        "threads": trainer.executable.threads,
        "base_rate": trainer.base_rate,
        "epochs_asked": trainer.setup.epochs,
        "command_log": [dict(c) for c in trainer.command_log],
        "epochs": [_finite(asdict(e)) for e in trainer.epochs] if history else [],
        "stopped": trainer.stopped,
        "sums": asdict(trainer.sums),
        "best_loss": trainer.best_loss if np.isfinite(trainer.best_loss) else None,
        "best_epoch": trainer.best_epoch,
        "bad_epochs": trainer.bad_epochs,
        "seconds": trainer.seconds,
        "evaluating": trainer.busy_evaluating and not trainer.stopped,
        "divergence": _told(trainer.divergence),
    }
    return ResumeState(arrays, scalars)


def backend_for(asked: str, state: ResumeState | None) -> str:
    """Bits differ between backends, so what was trained on one goes on there, unless another is asked for by name."""
    stored = str(state.scalars.get("backend", "auto")) if state is not None else "auto"
    return stored if asked == "auto" and stored in available() else asked


def threads_for(asked: int, state: ResumeState | None) -> int:
    """Sums are cut among the threads, so what was trained on some of them goes on bit for bit on as many."""
    stored = int(state.scalars.get("threads", 0)) if state is not None else 0
    return stored or asked


def restore(trainer: Trainer, state: ResumeState) -> None:
    """Put a state back into a trainer of the same project; ValueError where the set-up or a shape does not fit.

    A run whose epochs were through goes on where the project now asks for more. One that is through has the test set
    evaluated at once. Other data than then are no obstacle, but ``data_changed`` says so.
    """
    from engine.training.records import EpochRecord, EpochSums

    s = state.scalars
    for name, now in (
        ("batch_size", trainer.setup.batch_size),
        ("dtype", trainer.setup.dtype),
        ("seed", trainer.setup.seed),
        ("accumulate", trainer.setup.accumulate),
    ):
        stored = s.get(name, 1) if name == "accumulate" else s[name]  # older states know no such thing
        if stored != now:
            raise ValueError(
                f"resume state: expected {name} {now}, got {stored}; start from the initial weights instead"
            )
    if s["optimizer"] != trainer.optimizer.id:
        raise ValueError(f"resume state: expected optimizer {trainer.optimizer.id}, got {s['optimizer']}")
    trainer.executable.load_weights(keyed(state.arrays, "weight"))
    trainer.best_weights, trainer.end_weights = keyed(state.arrays, "best"), keyed(state.arrays, "end")
    trainer.executable.load_optimizer_state(keyed_slots(state.arrays))
    held = Carried(keyed(state.arrays, "sum"), int(s.get("held", 0)), keyed(state.arrays, "mean"))
    trainer.executable.load_carried(held)
    trainer.step, trainer.base_rate = int(s["step"]), float(s["base_rate"])
    trainer.command_log = [dict(c) for c in s["command_log"]]
    trainer.epochs = [EpochRecord(**with_nan(e)) for e in s["epochs"]]
    trainer.stopped = s["stopped"]
    trainer.sums = EpochSums(**s["sums"])
    trainer.best_loss = float("inf") if s["best_loss"] is None else float(s["best_loss"])
    trainer.best_epoch, trainer.bad_epochs = int(s["best_epoch"]), int(s["bad_epochs"])
    trainer.seconds = float(s["seconds"])
    trainer.divergence = _divergence(s.get("divergence"))
    trainer.data_changed = s.get("data", trainer.data_mark) != trainer.data_mark
    trainer.columns.clear(trainer.step)
    asked = trainer.setup.epochs
    trainer.setup = replace(trainer.setup, epochs=int(s.get("epochs_asked", asked)))
    trainer.extend(asked)
    if s["evaluating"]:
        trainer.begin_epoch_end()
    elif trainer.stopped and trainer.stopped != "diverged" and len(trainer.dataset.test):
        trainer.test_result = trainer.evaluate("test")


def _told(divergence: DivergedError | None) -> dict[str, Any] | None:
    if divergence is None:
        return None
    return {"step": divergence.step, "node": divergence.node, "tensor": divergence.tensor, "count": divergence.count}


def _divergence(told: Mapping[str, Any] | None) -> DivergedError | None:
    return None if told is None else DivergedError(told["step"], told["node"], told["tensor"], told["count"])


def keyed(arrays: Mapping[str, NDArray[Any]], kind: str) -> dict[tuple[str, str], NDArray[Any]]:
    """Those of one kind ("weight", "best", "end") by (node, name)."""
    found: dict[tuple[str, str], NDArray[Any]] = {}
    for key, value in arrays.items():
        parts = key.split("|")
        if parts[0] == kind:
            found[parts[1], parts[2]] = value
    return found


def keyed_slots(arrays: Mapping[str, NDArray[Any]]) -> dict[tuple[str, str], dict[str, NDArray[Any]]]:
    """The optimizer's tensors by (node, name) and slot."""
    slots: dict[tuple[str, str], dict[str, NDArray[Any]]] = {}
    for key, value in arrays.items():
        kind, *rest = key.split("|")
        if kind == "slot":
            slots.setdefault((rest[0], rest[1]), {})[rest[2]] = value
    return slots


def _finite(record: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: undefined figures become null."""
    return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in record.items()}


def with_nan(record: Mapping[str, Any]) -> dict[str, Any]:
    """A stored record of an epoch: null is an undefined figure."""
    return {k: float("nan") if v is None else v for k, v in record.items()}
