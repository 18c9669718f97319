"""Twenty thousand random networks train five steps as PyTorch does, on the reference backend and on the tape."""

from __future__ import annotations

import time
from typing import Any

COUNT = 20_000
#: every so many, one more network that the tape can run
TAPE_SHARE = 4


def run(seed: int, count: int | None) -> bool:
    """``count``: networks."""
    import torch

    from engine.backends import prepare
    from tests.torch.dag_run import make_case, mismatches

    torch.set_num_threads(1)
    prepare("tape")
    types, wrong, taped = _tape_types(), 0, 0
    started = time.monotonic()
    total = count or COUNT
    for number in range(total):
        cases = [make_case(seed, number)]
        found = list(mismatches(cases[0]))
        if number % TAPE_SHARE == 0:
            cases.append(make_case(seed, number, types))
            if not _refused(cases[1]):
                taped += 1
                found += [f"tape: {m}" for m in mismatches(cases[1], _tape)]
        if found:
            wrong += 1
            names = " / ".join(", ".join(n.type for n in c.project.graph.nodes.values()) for c in cases)
            print(f"network {number} of seed {seed} ({names}): {'; '.join(found)}", flush=True)
        if (number + 1) % 1000 == 0:
            print(f"{number + 1} networks, {wrong} wrong, {time.monotonic() - started:.0f} s", flush=True)
    print(f"{total} networks, and {taped} on the tape: {wrong} mismatches; asked 0")
    return wrong == 0


def _tape_types() -> frozenset[str]:
    """Layers that the tape has kernels for, at least in one of their samples."""
    from engine.backends.tape.refusal import refusals
    from engine.layers import LAYERS
    from engine.optimizers import OPTIMIZERS
    from engine.plan import build_plan
    from tests.engine.layers.parity import layer_graph

    sgd = OPTIMIZERS.make("sgd")
    inner = [c for c in LAYERS.classes() if c.id not in ("input", "output")]
    return frozenset(
        c.id for c in inner
        if any(not refusals(build_plan(layer_graph(c(**s.params), s.inputs)), sgd, "float32") for s in c.samples)
    )  # fmt: skip


def _refused(case: Any) -> bool:
    from engine.backends.tape.refusal import refusals
    from engine.optimizers import OPTIMIZERS

    return bool(refusals(case.plan, OPTIMIZERS.make(case.project.training.optimizer), "float32"))


def _tape(plan: Any, optimizer: Any, dtype: Any, seed: int) -> Any:
    from engine.backends.tape.executable import TapeExecutable

    return TapeExecutable(plan, optimizer, dtype, seed, 1)
