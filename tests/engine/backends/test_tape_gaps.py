"""What only the reference can run is listed with a reason, and nothing else is missing."""

from __future__ import annotations

import importlib
import pkgutil

from engine import primitives
from engine.backends.tape.refusal import LOSSES_BEYOND, PRIMITIVES_BEYOND
from engine.backends.tape.rules import RULES
from engine.backends.tape.rules.losses import _CODES
from engine.backends.tape.rules.optimizers import optimizer_refusal
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.primitives.base import PRIMITIVES


def test_what_has_no_kernel_is_listed_with_a_reason() -> None:
    """A new primitive or loss has a kernel, or says in ``refusal`` why it has none."""
    for module in pkgutil.iter_modules(primitives.__path__):
        importlib.import_module(f"engine.primitives.{module.name}")
    assert set(PRIMITIVES) - set(RULES) == set(PRIMITIVES_BEYOND)
    assert set(LOSSES) - set(_CODES) == set(LOSSES_BEYOND)
    assert all(reason.strip() for reason in (*PRIMITIVES_BEYOND.values(), *LOSSES_BEYOND.values()))


def test_every_optimizer_has_a_kernel() -> None:
    assert [name for name in OPTIMIZERS if optimizer_refusal(OPTIMIZERS.make(name))] == []
