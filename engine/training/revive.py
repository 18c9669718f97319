"""Units that are off for good, begun anew while training goes on."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.initializers import INITIALIZERS

if TYPE_CHECKING:
    from engine.training.trainer import Trainer


def revive(trainer: Trainer, node: str, units: Sequence[int]) -> None:
    """New incoming weights from the layer's initializer and a bias of zero for these units (rows of its kernel).

    Zero, so that about half of what enters switches a ReLU on; what leads on from the unit stays. The optimizer forgets
    what it knew of these weights. Drawn by seed and step, and logged, so that a replay meets the same. ValueError where
    the node has no kernel of its own or no such unit.
    """
    infos = [w for w in trainer.plan.weights if w.node == node and (w.is_kernel or w.name == "bias")]
    kernels = [w for w in infos if w.is_kernel]
    if len(kernels) != 1:
        raise ValueError(f"node {node!r}: expected one kernel whose rows are units, got {len(kernels)}")
    rows = np.array(sorted(set(units)), np.int64)
    if not len(rows) or rows[0] < 0 or rows[-1] >= kernels[0].shape[0]:
        raise ValueError(f"node {node!r}: expected units 0 to {kernels[0].shape[0] - 1}, got {list(units)}")
    weights, slots = trainer.executable.weights(), trainer.executable.optimizer_state()
    rng = np.random.default_rng([trainer.setup.seed, trainer.step, zlib.crc32(node.encode())])
    for w in infos:
        key = (w.node, w.name)
        fresh = INITIALIZERS.make(w.init).draw(w.shape, w.fan_in, w.fan_out, rng) if w.is_kernel else np.zeros(w.shape)
        weights[key][rows] = fresh[rows]
        for slot, values in slots.get(key, {}).items():
            values[rows] = trainer.optimizer.slot_start(slot)
    trainer.executable.load_weights({(w.node, w.name): weights[w.node, w.name] for w in infos})
    trainer.executable.load_optimizer_state({(w.node, w.name): slots.get((w.node, w.name), {}) for w in infos})
    told = ",".join(str(r) for r in rows)
    trainer.command_log.append({"step": trainer.step, "command": "revive", "value": f"{node}:{told}"})


def revive_again(trainer: Trainer, value: str) -> None:
    """A logged one."""
    node, _, told = value.rpartition(":")
    revive(trainer, node, [int(r) for r in told.split(",")])
