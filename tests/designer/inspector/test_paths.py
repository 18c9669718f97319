from __future__ import annotations

import pytest

from designer.inspector.paths import common, ordered, with_path
from engine.declare import ParamError, Spec
from engine.layers import LAYERS


def test_a_nested_parameter_is_set_and_defaults_are_left_out() -> None:
    activation = LAYERS["dense"].params["activation"]
    start = Spec("leaky_relu")
    name, param = next(iter(LAYERS["leaky_relu"].params.items()))
    changed = with_path(activation, start, (name,), 0.3)
    assert changed == Spec("leaky_relu", {name: 0.3})
    assert with_path(activation, changed, (name,), param.default) == Spec("leaky_relu")


def test_a_nested_value_is_checked() -> None:
    initializer = LAYERS["dense"].params["weight_init"]
    with pytest.raises(ParamError, match="low"):
        with_path(initializer, Spec("uniform"), ("low",), "much")


def test_a_path_into_another_type_changes_nothing() -> None:
    activation = LAYERS["dense"].params["activation"]
    assert with_path(activation, Spec("relu"), ("slope",), 0.3) == Spec("relu")
    assert with_path(activation, None, ("slope",), 0.3) is None


def test_own_parameters_come_before_shared_ones_group_by_group() -> None:
    names = list(ordered(LAYERS["dense"]))
    assert names[0] == "units"
    groups = [LAYERS["dense"].params[n].group for n in names]
    assert groups == sorted(groups, key=["", "initialization", "regularization", "advanced"].index)
    assert set(names) == set(LAYERS["dense"].params)


def test_common_parameters_of_two_types() -> None:
    both = common([ordered(LAYERS["dense"]), ordered(LAYERS["conv2d"])])
    assert "activation" in both and "dropout" in both
    assert "units" not in both and "kernel" not in both
    assert not common([])
