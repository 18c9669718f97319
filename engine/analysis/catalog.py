"""Registries by the name that a declared choice uses, and checking a choice before anything is built from it."""

from __future__ import annotations

from typing import Any

from engine.declare import Declared, Registry, Spec
from engine.initializers import INITIALIZERS
from engine.layers import LAYERS
from engine.losses import LOSSES
from engine.metrics import METRICS
from engine.optimizers import OPTIMIZERS
from engine.schedules import SCHEDULES

_REGISTRIES: dict[str, Registry[Any]] = {
    "layers": LAYERS,
    "activations": LAYERS,
    "initializers": INITIALIZERS,
    "losses": LOSSES,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "metrics": METRICS,
}


def registry(name: str) -> Registry[Any]:
    """The registry that ``Ref(..., registry=name)`` chooses from; KeyError for a name that no one declared."""
    return _REGISTRIES[name]


def choices(name: str) -> list[type[Declared]]:
    """What may be chosen: of the layers, "activations" are those of that group."""
    classes: list[type[Declared]] = list(registry(name).classes())
    if name == "activations":
        return [c for c in classes if getattr(c, "group", "") == "activation"]
    return classes


def check_choices(declared: Declared) -> None:
    """UnknownTypeError or ParamError for the first chosen thing (initializer, activation, ...) that cannot be made."""
    for name, param in declared.params.items():
        chosen = getattr(declared, name)
        if param.kind == "ref" and isinstance(chosen, Spec):
            check_choices(registry(param.registry).make(chosen))
