"""Results of measurements as a run's log keeps them: JSON by the fields of their dataclasses, and back.

Numbers to six digits, nan and infinities as null; an array is its shape and its values in order. What does not have
the form that its kind asks for is refused with its place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from designer.document.refusals import LayoutRefusal
from engine.graph.project import Json

#: log command of a result, and characters that one may take in a file
COMMAND, MOST = "measure", 200_000


def result_types() -> Mapping[str, Any]:
    """What each kind of measurement gives."""
    from engine.probes.measurements.jacobian import LayerJacobian
    from engine.probes.measurements.loss_plane import LossPlane
    from engine.probes.measurements.noise_scale import NoiseScale
    from engine.probes.measurements.sharpness import Sharpness
    from engine.probes.measurements.step_slice import StepSlice
    from engine.probes.measurements.travel import Filmstrip, Travel
    from engine.training.measuring import Readouts

    return {
        "isometry": tuple[LayerJacobian, ...], "step": StepSlice, "plane": LossPlane, "sharpness": Sharpness,
        "noise": NoiseScale, "readout": Readouts, "travel": Travel, "filters": Filmstrip,
    }  # fmt: skip


def result_json(value: Any) -> Json:
    """Dataclasses by field, tuples as lists, arrays with their shape."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: result_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), "values": [_number(v) for v in value.ravel().tolist()]}
    if isinstance(value, tuple | list):
        return [result_json(v) for v in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return _number(float(value))
    return None if value is None else str(value)


def _number(value: float) -> float | int | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def result_of(kind: str, raw: Json, path: str = "result") -> Any:
    """The result of that kind; LayoutRefusal names what is malformed."""
    known = result_types().get(kind)
    if known is None:
        raise LayoutRefusal(f"{path}.kind", "a measurement that this version knows", kind)
    return _value(path, known, raw)


def _value(path: str, wanted: Any, raw: Json) -> Any:
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        if raw is None:
            return None
        return _value(path, next(a for a in get_args(wanted) if a is not type(None)), raw)
    if origin is tuple:
        return _items(path, get_args(wanted), raw)
    if origin is np.ndarray or wanted is np.ndarray:
        return _array(path, raw)
    if is_dataclass(wanted):
        if not isinstance(raw, dict):
            raise LayoutRefusal(path, "an object", raw)
        hints = get_type_hints(wanted)
        return wanted(**{f.name: _value(f"{path}.{f.name}", hints[f.name], raw.get(f.name)) for f in fields(wanted)})  # type: ignore[operator]
    if wanted is float:
        return _float(path, raw)
    kinds = (str,) if origin is Literal else (wanted,)
    if not isinstance(raw, kinds) or (wanted is int and isinstance(raw, bool)):
        raise LayoutRefusal(path, getattr(wanted, "__name__", "a word"), raw)
    return raw


def _items(path: str, wanted: tuple[Any, ...], raw: Json) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise LayoutRefusal(path, "a list", raw)
    many = len(wanted) == 2 and wanted[1] is Ellipsis
    if not many and len(raw) != len(wanted):
        raise LayoutRefusal(path, f"{len(wanted)} entries", raw)
    return tuple(_value(f"{path}[{k}]", wanted[0] if many else wanted[k], v) for k, v in enumerate(raw))


def _array(path: str, raw: Json) -> Any:
    if not isinstance(raw, dict):
        raise LayoutRefusal(path, "shape and values", raw)
    shape, values = raw.get("shape"), raw.get("values")
    whole = isinstance(shape, list) and all(isinstance(n, int) and 0 <= n < 1 << 24 for n in shape)
    if not whole or not isinstance(shape, list) or not isinstance(values, list):
        raise LayoutRefusal(path, "shape and values", raw)
    if math.prod(n for n in shape if isinstance(n, int)) != len(values):
        raise LayoutRefusal(path, f"values of shape {shape}", len(values))
    return np.array([_float(path, v) for v in values], np.float64).reshape([int(str(n)) for n in shape])


def _float(path: str, raw: Json) -> float:
    if raw is None:
        return math.nan
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        raise LayoutRefusal(path, "a number or null", raw)
    return float(raw)
