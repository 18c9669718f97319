"""Which compiled kernels a plan's tapes call."""

from __future__ import annotations

from engine.backends.tape.compiler import Compiler
from engine.backends.tape.opcodes import FAMILIES
from engine.optimizers import Optimizer, StepRules
from engine.plan import Plan


def kernels_of(plan: Plan, optimizer: Optimizer, rules: StepRules | None = None) -> tuple[str, ...]:
    """Names of the families, and the loop over the tape. The plan must be one that the tape can run."""
    program = Compiler(plan, optimizer, 1, 2, rules=rules).program()
    return (*(FAMILIES[f] for f in sorted(program.families)), "run")
