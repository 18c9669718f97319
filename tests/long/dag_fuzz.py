"""Twenty thousand random networks train five steps as PyTorch does, on the reference backend and on the tape."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

COUNT = 20_000
#: part of all networks that may be left undecided
UNDECIDED = 0.005
EVERY = 1000


@dataclass
class Tally:
    """Of one backend: networks compared, wrong, undecided, run away, refused."""

    name: str
    compared: int = 0
    wrong: int = 0
    undecided: int = 0
    away: int = 0
    refused: int = 0

    def add(self, seed: int, number: int, case: Any, make: Any) -> None:
        """Judge a network and print what was found."""
        from tests.torch.dag_judge import judge

        verdict = judge(case, make)
        self.away += verdict.away
        self.compared += not verdict.away
        self.wrong += bool(verdict.wrong)
        self.undecided += bool(verdict.undecided and not verdict.wrong)
        for what, found in (("WRONG", verdict.wrong), ("undecided", verdict.undecided)):
            if found:
                types = ", ".join(n.type for n in case.project.graph.nodes.values())
                print(f"{what}: {self.name}, network {number} of seed {seed} ({types}): {'; '.join(found)}", flush=True)

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.compared} compared, {self.wrong} wrong (asked 0), {self.undecided} undecided at ties "
            f"(asked < {UNDECIDED:.1%}), {self.away} run away, {self.refused} refused"
        )

    @property
    def held(self) -> bool:
        """Whether it is as asked."""
        return self.wrong == 0 and self.undecided < max(UNDECIDED * self.compared, 1)


def run(seed: int, count: int | None) -> bool:
    """``count``: networks."""
    import torch

    from engine.backends import prepare
    from tests.torch.dag_run import make_case

    torch.set_num_threads(1)
    prepare("tape")
    reference, tape, started = Tally("numpy"), Tally("tape"), time.monotonic()
    total = count or COUNT
    for number in range(total):
        case = make_case(seed, number)
        reference.add(seed, number, case, None)
        if refused(case):
            tape.refused += 1
        else:
            tape.add(seed, number, case, on_tape)
        if (number + 1) % EVERY == 0 or number + 1 == total:
            print(f"{number + 1} networks, {time.monotonic() - started:.0f} s\n  {reference}\n  {tape}", flush=True)
    return reference.held and tape.held


def refused(case: Any) -> bool:
    """Whether the tape lacks a kernel for any of it."""
    from engine.backends.tape.refusal import refusals
    from engine.optimizers import OPTIMIZERS

    return bool(refusals(case.plan, OPTIMIZERS.make(case.project.training.optimizer), "float32"))


def on_tape(plan: Any, optimizer: Any, dtype: Any, seed: int, rules: Any) -> Any:
    """An executable of one thread."""
    from engine.backends.tape.executable import TapeExecutable

    return TapeExecutable(plan, optimizer, dtype, seed, 1, rules=rules)
