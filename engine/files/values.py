"""Parameter values to and from JSON: tuples are lists, a Spec is its name or ``{"type": name, parameters...}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from engine.data.source import SOURCES
from engine.declare import Declared, ParamError, Registry, Spec, UnknownTypeError, Value
from engine.files.errors import FormatError
from engine.files.limits import MAX_DEPTH, MAX_INTEGER
from engine.graph import Json
from engine.initializers import INITIALIZERS
from engine.layers import LAYERS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.schedules import SCHEDULES

REGISTRIES: Mapping[str, Registry[Any]] = {
    "activations": LAYERS,
    "layers": LAYERS,
    "initializers": INITIALIZERS,
    "losses": LOSSES,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "sources": SOURCES,
}
#: choices that analysis reports when it does not know them, so that a file with them opens and keeps them
_KEPT = ("activations", "losses", "layers")


def to_json(value: Value) -> Json:
    """The JSON form of a parameter value."""
    if isinstance(value, Spec):
        if not value.params:
            return value.type
        return {"type": value.type, **{k: to_json(v) for k, v in value.params.items()}}
    return list(value) if isinstance(value, tuple) else value


def params_json(cls: type[Declared] | None, params: Mapping[str, Value]) -> dict[str, Json]:
    """Parameters in declared order and without those at their default, so that the same choice gives the same text.

    ``cls`` None: a type that is not known here; its parameters stay as they came.
    """
    if cls is None:
        return {k: to_json(v) for k, v in params.items()}
    rank = {name: k for k, name in enumerate(cls.params)}
    found: dict[str, Json] = {}
    for name in sorted(params, key=lambda n: rank.get(n, len(rank))):
        value, param = params[name], cls.params.get(name)
        if param is not None and value == param.default:
            continue
        chosen = isinstance(value, Spec) and param is not None and param.kind == "ref"
        found[name] = spec_json(param.registry, value) if chosen else to_json(value)  # type: ignore[union-attr, arg-type]
    return found


def spec_json(registry: str, spec: Spec) -> Json:
    """A choice from a registry: its name, or an object where it has parameters."""
    choices = REGISTRIES.get(registry)
    cls = choices[spec.type] if choices is not None and spec.type in choices else None
    params = params_json(cls, spec.params)
    return {"type": spec.type, **params} if params else spec.type


def loose(raw: Json) -> Value:
    """A parameter of a layer type that is not known here, such that ``to_json`` gives exactly ``raw`` again.

    What fits no parameter value (nested objects, mixed lists) stays the JSON that it is.
    """
    if isinstance(raw, list) and raw and all(isinstance(v, int | float) and not isinstance(v, bool) for v in raw):
        return cast("Value", tuple(raw))
    if isinstance(raw, dict) and len(raw) > 1 and next(iter(raw)) == "type" and isinstance(raw["type"], str):
        return Spec(raw["type"], {k: loose(v) for k, v in raw.items() if k != "type"})
    return cast("Value", raw)


def strict(raw: Json) -> Value:
    """A parameter as the file has it, before its declaration checks it."""
    if isinstance(raw, list):
        return cast("Value", tuple(raw))
    if isinstance(raw, dict) and isinstance(raw.get("type"), str):
        return Spec(cast("str", raw["type"]), {k: strict(v) for k, v in raw.items() if k != "type"})
    return cast("Value", raw)


def checked_params(cls: type[Declared], params: Mapping[str, Value], file: str, where: str) -> dict[str, Value]:
    """Parameters in canonical form and declared order, without those at their default. FormatError if one is bad."""
    try:
        made = cls(**dict(params))
    except ParamError as e:
        known = f"change it in a text editor or remove it; {cls.title} then takes its default"
        raise FormatError(
            file,
            f"{where}.{e.param}",
            f"this value does not fit {cls.title}",
            expected=e.expected,
            got=repr(e.got),
            remedy=known,
        ) from e
    except OverflowError as e:
        raise FormatError(file, where, "a number is too large", remedy="use a smaller number") from e
    found: dict[str, Value] = {}
    for name, value in made.changed().items():
        param = cls.params[name]
        if isinstance(value, Spec) and param.kind == "ref":
            value = checked_spec(param.registry, value, file, f"{where}.{name}")
        if value != param.default:
            found[name] = value
    return found


def checked_spec(registry: str, spec: Spec, file: str, where: str) -> Spec:
    """A choice with its parameters in canonical form; FormatError names what there is to choose from."""
    choices = REGISTRIES.get(registry)
    if choices is None:
        return spec
    try:
        cls = choices[spec.type]
    except UnknownTypeError as e:
        if registry in _KEPT:
            return spec
        known = ", ".join(e.known)
        raise FormatError(
            file, where, f"there is no {e.kind} of this name", expected=f"one of {known}", got=repr(spec.type),
            remedy="choose one of those, or open the file with the version that wrote it",
        ) from e  # fmt: skip
    if registry == "activations" and getattr(cls, "group", "") != "activation":
        raise FormatError(
            file, where, "this layer is no activation", got=repr(spec.type), remedy="choose an activation"
        )
    return Spec(spec.type, checked_params(cls, spec.params, file, where))


def check_opaque(raw: Any, file: str, where: str) -> None:
    """Refuse what nests too deep or holds whole numbers beyond 64 bits; iterative, since the file is not trusted."""
    stack: list[tuple[Any, int]] = [(raw, 1)]
    while stack:
        value, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise FormatError(
                file, where, "this nests too deep", expected=f"at most {MAX_DEPTH} levels", remedy=FOREIGN
            )
        if isinstance(value, dict):
            stack.extend((v, depth + 1) for v in value.values())
        elif isinstance(value, list):
            stack.extend((v, depth + 1) for v in value)
        elif isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise FormatError(file, where, "a whole number is too large", expected="at most 64 bits", remedy=FOREIGN)


FOREIGN = "no version of Gradloom writes such a file; get it anew from where it came"
