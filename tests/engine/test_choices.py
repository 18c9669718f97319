"""What holds for everything that training is set up from: losses, optimizers, initializers, schedules and the rest.

A new file in one of these registries is tested by existing.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from engine.declare import Declared, Param, ParamError, Registry, Spec
from engine.initializers import INITIALIZERS
from engine.losses import LOSSES
from engine.metrics import METRICS
from engine.optimizers import OPTIMIZERS
from engine.regularizers import REGULARIZERS
from engine.schedules import SCHEDULES

REGISTRIES: tuple[Registry[Any], ...] = (LOSSES, OPTIMIZERS, INITIALIZERS, SCHEDULES, METRICS, REGULARIZERS)
#: common property: a formula that nobody's name is on
NO_SOURCE = {
    *((INITIALIZERS.kind, name) for name in ("zeros", "constant", "normal", "uniform", "given")),
    *((METRICS.kind, name) for name in ("accuracy", "mae")),
    (SCHEDULES.kind, "constant"),
}
FORMULA = re.compile(r"=|~|<-")
SOURCE = re.compile(r"\b(17|18|19|20)\d\d\b|torch's \w+")

EVERYTHING = [pytest.param(r[name], r, id=f"{r.kind}-{name}") for r in REGISTRIES for name in r]


def other_value(param: Param, rng: np.random.Generator) -> Any:
    """A value within the parameter's range that is not its default."""
    if param.kind == "bool":
        return not param.default
    if param.kind == "choice":
        return next(c for c in param.choices if c != param.default)
    low = param.low if param.low is not None else -1.0
    high = param.high if param.high is not None else low + 9.0
    if param.kind == "int":
        return int(low) + int(rng.integers(1, 9)) + (int(param.default) if isinstance(param.default, int) else 0)
    if param.kind == "floats":
        return tuple(rng.uniform(low, high, max(param.length[0], 3)).tolist())
    assert param.kind == "float", f"no values are known for a parameter of kind {param.kind}"
    return float(rng.uniform(low + 0.3 * (high - low), high))


def changed(cls: type[Declared], rng: np.random.Generator) -> dict[str, Any]:
    values = {name: other_value(param, rng) for name, param in cls.params.items()}
    if cls.id == "uniform":
        values["high"] = values["low"] + 1  # the one rule that two parameters share
    return values


@pytest.mark.parametrize(("cls", "registry"), EVERYTHING)
def test_docstring_opens_with_a_formula_and_names_its_source(cls: type[Declared], registry: Registry[Any]) -> None:
    text = cls.__doc__ or ""
    assert FORMULA.search(text.strip().splitlines()[0]), "no formula in the first line"
    assert bool(SOURCE.search(text)) != ((registry.kind, cls.id) in NO_SOURCE), "no source (author, year)"


@pytest.mark.parametrize(("cls", "registry"), EVERYTHING)
def test_one_file_of_its_own_name(cls: type[Declared], registry: Registry[Any]) -> None:
    assert cls.__module__ == f"{registry.package}.{cls.id}"
    assert cls.title.strip()


@pytest.mark.parametrize(("cls", "registry"), EVERYTHING)
def test_defaults_lie_in_their_own_range_and_explain_themselves(cls: type[Declared], registry: Registry[Any]) -> None:
    for name, param in cls.params.items():
        assert param.check(cls.id, param.default) == param.default
        assert param.name == name and param.label
        assert param.help.endswith((".", ")")), f"{cls.id}.{name} needs a sentence of help"


@pytest.mark.parametrize(("cls", "registry"), EVERYTHING)
def test_a_choice_survives_being_stored(cls: type[Declared], registry: Registry[Any], rng: np.random.Generator) -> None:
    assert cls().spec() == Spec(cls.id) and cls().changed() == {}
    values = changed(cls, rng)
    made = cls(**values)
    again = registry.make(made.spec())
    assert type(again) is cls
    assert {k: getattr(again, k) for k in cls.params} == values
    assert again.spec() == made.spec() and hash(again.spec()) == hash(made.spec())


@pytest.mark.parametrize(("cls", "registry"), EVERYTHING)
def test_values_out_of_range_are_refused_by_name(cls: type[Declared], registry: Registry[Any]) -> None:
    for name, param in cls.params.items():
        outside: list[Any] = ["nonsense"]
        if param.kind in ("int", "float"):
            outside += [float("nan"), float("inf"), True]
            outside += [param.low - 1] if param.low is not None else []
            outside += [param.low] if param.low_open else []
            outside += [param.high + 1] if param.high is not None else []
        for value in outside:
            with pytest.raises(ParamError, match=rf"{cls.id}\.{name}"):
                cls(**{name: value})
    with pytest.raises(ParamError, match="wrong_name"):
        cls(wrong_name=1)


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r.kind)
def test_titles_and_first_lines_tell_them_apart(registry: Registry[Any]) -> None:
    for text in ("title", "__doc__"):
        all_texts = [getattr(cls, text).strip().splitlines()[0] for cls in registry.classes()]
        assert len(set(all_texts)) == len(all_texts)


@pytest.mark.parametrize(
    ("registry", "names"),
    [
        (LOSSES, "mse half_squared mae huber binary_cross_entropy softmax_cross_entropy hinge kl focal cosine"),
        (OPTIMIZERS, "sgd momentum nesterov adagrad rmsprop adam adamw radam adabound adabelief adamax nadam lion"),
        (INITIALIZERS, "zeros constant normal uniform xavier_uniform xavier_normal he_uniform he_normal"),
        (INITIALIZERS, "lecun_normal lecun_uniform orthogonal given"),
        (SCHEDULES, "constant step exponential cosine"),
        (METRICS, "accuracy precision recall f1 mae r2 balanced_accuracy"),
        (REGULARIZERS, "l1 l2 elastic proximal_l1"),
    ],
)
def test_names_that_files_hold_stay(registry: Registry[Any], names: str) -> None:
    assert set(names.split()) <= set(registry)
