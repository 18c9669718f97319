"""A parameter inside a parameter: ("activation", "slope") is the slope of the chosen activation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from designer.inspector.registries import option
from engine.declare import Declared, Param, Spec, Value

Path = tuple[str, ...]


def declared_of(param: Param, spec: Spec) -> Mapping[str, Param]:
    """What the type chosen by a ``ref`` declares; empty for an unknown type."""
    found = option(param.registry, spec.type)
    return ordered(found) if found is not None else {}


def with_path(param: Param, value: Value, path: Path, new: Value) -> Value:
    """``value`` of ``param`` with the parameter that ``path`` (below it) names replaced; defaults are left out.

    A value that has no such parameter (another type was chosen meanwhile) stays as it is.
    """
    if not path:
        return new
    if not isinstance(value, Spec):
        return value
    declared = declared_of(param, value)
    if path[0] not in declared:
        return value
    inner = declared[path[0]]
    changed = with_path(inner, value.params.get(path[0], inner.default), path[1:], new)
    checked = inner.check(value.type, changed)
    params = {**value.params, path[0]: checked}
    return Spec(value.type, {k: v for k, v in params.items() if k not in declared or v != declared[k].default})


def common(declared: Iterable[Mapping[str, Param]]) -> dict[str, Param]:
    """The parameters that all of these types declare alike, in the order of the first."""
    first, *rest = list(declared) or [{}]
    return {k: p for k, p in first.items() if all(k in other and _alike(other[k], p) for other in rest)}


GROUP_ORDER = ("", "features", "initialization", "regularization", "split", "stop", "update", "advanced")


def ordered(declared: type[Declared]) -> dict[str, Param]:
    """A type's parameters as a person should meet them: its own before those that it shares, group by group."""
    names: list[str] = []
    for cls in declared.__mro__:
        inherited = {k for base in cls.__bases__ for k in getattr(base, "params", {})}
        names += [k for k in getattr(cls, "params", {}) if k not in inherited and k not in names]
    # Within a group a rate comes first: it is what a person looks for in an optimizer.
    names.sort(key=lambda k: (_group_place(declared.params[k].group), k != "rate"))
    return {k: declared.params[k] for k in names}


def _group_place(group: str) -> int:
    return GROUP_ORDER.index(group) if group in GROUP_ORDER else len(GROUP_ORDER) - 1


def _alike(a: Param, b: Param) -> bool:
    # Help and default may differ between types; what is accepted and how it is edited may not.
    return _accepts(a) == _accepts(b)


def _accepts(p: Param) -> tuple[object, ...]:
    return p.kind, p.registry, p.choices, p.optional, p.length
