"""Settings in the words of the forms: declared labels and titles in the language in force, names as a person gave them.
"""

from __future__ import annotations

from typing import Any

from designer.document.settings_diff import Difference, Setting, value_words
from designer.inspector import registries
from designer.inspector.setup_params import DATA, TRAINING
from engine.declare import Param, Spec
from widgets.i18n import tr, tr_declared


def difference_words(d: Difference) -> tuple[str, tuple[str, ...]]:
    """What is set ("hidden 1 · activation", "optimizer · learning rate"), and to what in each project ("-": not)."""
    known = [s for s in d.settings if s is not None]
    return setting_words(known[-1]), tuple("-" if s is None else chosen_words(s) for s in d.settings)


def setting_words(s: Setting) -> str:
    """Layer and labels; ids where nothing declares them."""
    parts = [s.layer] if s.layer else []
    declared: Param | None = None
    for depth, name in enumerate(s.path):
        declared = _outer(s, name) if not depth else _inner(declared, name)
        parts.append(tr_declared(declared.label or name) if declared is not None else _flag(name))
    return " · ".join(parts)


def chosen_words(s: Setting) -> str:
    """The value as forms show it."""
    if not s.path:
        return tr_declared(_layer_title(s.value)) if isinstance(s.value, str) else tr("yes")
    if isinstance(s.value, bool):
        return tr("yes") if s.value else tr("no")
    if isinstance(s.value, Spec):
        declared = _outer(s, s.path[0])
        for name in s.path[1:]:
            declared = _inner(declared, name)
        found = registries.option(declared.registry, s.value.type) if _chooses(declared) else None
        return tr_declared(found.title) if found is not None else s.value.type
    return tr_declared(s.value) if isinstance(s.value, str) else value_words(s.value)


def _outer(s: Setting, name: str) -> Param | None:
    if s.layer:
        from engine.layers import LAYERS

        return LAYERS[s.kind].params.get(name) if s.kind in LAYERS else None
    return (TRAINING if s.kind == "training" else DATA).get(name)


def _inner(outer: Param | None, name: str) -> Param | None:
    """A parameter of what ``outer`` chooses; the same words mean the same in all of its options."""
    options = registries.options(outer.registry) if _chooses(outer) else ()
    return next((o.params[name] for o in options if name in o.params), None)


def _chooses(declared: Any) -> bool:
    return bool(getattr(declared, "registry", ""))


def _flag(name: str) -> str:
    return {"frozen": tr("frozen"), "muted": tr("muted")}.get(name, name.replace("_", " "))


def _layer_title(kind: str) -> str:
    from engine.layers import LAYERS

    return LAYERS[kind].title if kind in LAYERS else kind
