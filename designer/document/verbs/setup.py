"""Verbs on what surrounds the graph: training set-up, data choice, probes, title."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from designer.document.refusals import SettingRefusal
from designer.document.state import DocState
from engine.declare import Spec
from engine.graph import DataSetup, TrainingSetup

Rule = tuple[str, Callable[[Any], bool]]


def _whole(low: int) -> Rule:
    return f"a whole number of at least {low}", lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= low


def _number(v: object) -> bool:
    return isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)


def _one_of(*names: str) -> Rule:
    return "one of " + ", ".join(names), lambda v: v in names


def _optional(rule: Rule) -> Rule:
    return f"{rule[0]}, or none", lambda v: v is None or rule[1](v)


_SPEC: Rule = ("a choice from the registry", lambda v: isinstance(v, Spec))
_BOOL: Rule = ("true or false", lambda v: isinstance(v, bool))
_SHARE: Rule = ("a share from 0 to 0.9", lambda v: _number(v) and 0 <= v <= 0.9)

TRAINING_RULES: dict[str, Rule] = {
    "optimizer": _SPEC,
    "schedule": _SPEC,
    "batch_size": _whole(1),
    "epochs": _whole(1),
    "shuffle": _BOOL,
    "seed": _whole(0),
    "dtype": _one_of("float32", "float64"),
    "target_loss": _optional(("a number", _number)),
    "patience": _optional(_whole(1)),
    "min_change": ("a number of at least 0", lambda v: _number(v) and v >= 0),
    "restore_best": _BOOL,
    "start_from": _one_of("initial", "keep"),
    "clip_value": _optional(("a number above 0", lambda v: _number(v) and v > 0)),
    "clip_norm": _optional(("a number above 0", lambda v: _number(v) and v > 0)),
    "accumulate": _whole(1),
    "ema_decay": _optional(("a number from 0 to 0.999999", lambda v: _number(v) and 0 <= v <= 0.999999)),
    "ema_evaluate": _BOOL,
    "l1_step": _one_of("proximal", "subgradient"),
    "decay_biases": _BOOL,
    "backend": ("a name", lambda v: isinstance(v, str) and bool(v)),
}
DATA_RULES: dict[str, Rule] = {
    "source": _SPEC,
    "validation": _SHARE,
    "test": _SHARE,
    "split_seed": _whole(0),
    "shuffle_split": _BOOL,
    "standardize": _BOOL,
}


def _check(rules: dict[str, Rule], name: str, value: object) -> None:
    rule = rules.get(name)
    if rule is None:
        raise SettingRefusal(name, "one of " + ", ".join(rules), name)
    if not rule[1](value):
        raise SettingRefusal(name.replace("_", " "), rule[0], value)


def set_training(state: DocState, name: str, value: object) -> DocState:
    """One field of the training set-up; SettingRefusal says what is accepted."""
    _check(TRAINING_RULES, name, value)
    if getattr(state.training, name) == value:
        return state
    return replace(state, training=replace(state.training, **{name: value}))  # type: ignore[arg-type]


def set_data_field(state: DocState, name: str, value: object) -> DocState:
    """One field of the data set-up; SettingRefusal says what is accepted."""
    _check(DATA_RULES, name, value)
    return set_data(state, replace(state.data, **{name: value}))  # type: ignore[arg-type]


def set_data(state: DocState, data: DataSetup) -> DocState:
    """Another data choice as a whole."""
    for field in fields(data):
        if field.name in DATA_RULES:
            _check(DATA_RULES, field.name, getattr(data, field.name))
    if data.validation + data.test > 0.95:
        raise SettingRefusal("validation + test", "at most 0.95 together", data.validation + data.test)
    return replace(state, data=data) if data != state.data else state


def set_training_setup(state: DocState, training: TrainingSetup) -> DocState:
    """Another training set-up as a whole."""
    for field in fields(training):
        if field.name in TRAINING_RULES:
            _check(TRAINING_RULES, field.name, getattr(training, field.name))
    return replace(state, training=training) if training != state.training else state


def set_probes(state: DocState, probes: tuple[str, ...]) -> DocState:
    """What is recorded while training."""
    return replace(state, probes=tuple(dict.fromkeys(probes))) if probes != state.probes else state


def set_title(state: DocState, title: str) -> DocState:
    """The document's title."""
    return replace(state, title=title) if title != state.title else state
