"""What a ``ref`` parameter chooses from, by the registry's name in its declaration."""

from __future__ import annotations

from functools import cache

from engine.declare import Declared


@cache
def options(name: str) -> tuple[type[Declared], ...]:
    """The declared classes that a registry offers, in the order in which a person should meet them.

    KeyError names the registries that are known.
    """
    return tuple(_LOADERS[name]())


def option(name: str, type_id: str) -> type[Declared] | None:
    """One class of a registry; None for a type that this version does not know."""
    return next((c for c in options(name) if c.id == type_id), None)


def _activations() -> list[type[Declared]]:
    from engine.layers import LAYERS

    found = [c for c in LAYERS.classes() if c.group == "activation"]
    usual = ("linear", "relu", "sigmoid", "tanh", "leaky_relu", "prelu", "elu", "gelu", "softmax", "step")
    return sorted(found, key=lambda c: (usual.index(c.id) if c.id in usual else len(usual), c.title))


def _initializers() -> list[type[Declared]]:
    from engine.initializers.base import INITIALIZERS

    # "given" holds literal weights from a file: it cannot be chosen, only met.
    return [c for c in INITIALIZERS.classes() if c.id != "given"]


def _losses() -> list[type[Declared]]:
    from engine.losses.base import LOSSES

    return list(LOSSES.classes())


def _optimizers() -> list[type[Declared]]:
    from engine.optimizers.base import OPTIMIZERS

    usual = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")
    found = OPTIMIZERS.classes()
    return sorted(found, key=lambda c: (usual.index(c.id) if c.id in usual else len(usual), c.title))


def _schedules() -> list[type[Declared]]:
    from engine.schedules.base import SCHEDULES

    return list(SCHEDULES.classes())


def _sources() -> list[type[Declared]]:
    from engine.data.source import SOURCES

    groups = ("points", "bundled", "file")
    return sorted(SOURCES.classes(), key=lambda c: groups.index(c.group))


_LOADERS = {
    "activations": _activations,
    "initializers": _initializers,
    "losses": _losses,
    "optimizers": _optimizers,
    "schedules": _schedules,
    "sources": _sources,
}
