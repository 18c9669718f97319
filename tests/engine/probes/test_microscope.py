"""The microscope against direct counting, closed forms and torch's autograd."""

from __future__ import annotations

import numpy as np
import pytest

from engine.declare import Spec
from engine.plan import build_plan
from engine.probes.microscope import activation_of, exposure, respond
from engine.probes.statistics import histogram
from tests.engine.training.nets import chain, mlp


def primitive(name: str):  # type: ignore[no-untyped-def]
    found = activation_of(build_plan(mlp((2, 3, 1), name, loss="mse")), "n1")
    assert found is not None
    return found


def test_the_activation_is_found_behind_norm_and_as_a_node_of_its_own() -> None:
    assert primitive("tanh").id == "tanh"
    plan = build_plan(mlp((2, 3, 1), loss="mse"))
    assert activation_of(plan, "n2") is None, "the last layer is linear"
    normed = chain(
        ("input", {"size": (2,)}), ("dense", {"units": 3, "activation": Spec("relu"), "batch_norm": "before"}),
        ("dense", {"units": 1}), ("sigmoid", {}), ("output", {"loss": Spec("mse")}),
    )  # fmt: skip
    plan = build_plan(normed)
    found = [activation_of(plan, n) for n in ("n1", "n2")]
    assert [f.id if f else "" for f in found] == ["relu", "sigmoid"]


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "gelu", "silu", "softplus", "selu", "elu"])
def test_curve_and_slope_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    z = np.linspace(-6, 6, 400)
    seen = respond(primitive(name), z)
    x = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    y = getattr(torch.nn.functional, name)(x) if name not in ("sigmoid", "tanh") else getattr(torch, name)(x)
    y.sum().backward()
    np.testing.assert_allclose(seen.phi, y.detach().numpy(), atol=1e-9)
    np.testing.assert_allclose(seen.slope, x.grad.numpy(), atol=1e-9)


def test_flat_zones_lie_where_the_glossary_says() -> None:
    z = np.linspace(-8, 8, 160001)
    edges = {"sigmoid": np.log(0.97 / 0.03), "tanh": np.arctanh(0.97)}
    for name, edge in edges.items():
        flat = respond(primitive(name), z).flat
        assert z[~flat].max() == pytest.approx(edge, abs=2e-4) and z[~flat].min() == pytest.approx(-edge, abs=2e-4)
    assert (respond(primitive("relu"), z).flat == (z <= 0)).mean() > 0.9999


@pytest.mark.parametrize("gain", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_shares_agree_with_counting_every_value(name: str, gain: float, rng: np.random.Generator) -> None:
    z = rng.normal(0.4, 1.3, size=20000)
    found = exposure(primitive(name), histogram(z), gain)
    direct = respond(primitive(name), gain * z)
    # The histogram cuts half a per cent at each end and has 48 bins: one bin near the middle holds some 3 %.
    assert found.flat == pytest.approx(direct.flat.mean(), abs=0.012)
    assert found.passed == pytest.approx(np.sqrt(np.mean(direct.slope**2)), rel=0.02)


def test_known_shares_of_a_standard_normal(rng: np.random.Generator) -> None:
    z = histogram(rng.normal(size=60000))
    assert exposure(primitive("tanh"), z).flat == pytest.approx(0.036, abs=0.006)
    assert exposure(primitive("sigmoid"), z).flat == pytest.approx(0.0005, abs=0.0006)
    assert exposure(primitive("relu"), z).passed == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_nothing_counted_says_nothing() -> None:
    empty = histogram(np.array([np.nan]))
    assert np.isnan(exposure(primitive("tanh"), empty).flat)
