"""The checks on demand: right gradients pass, a planted fault does not; sound nets pass the trio, unsound ones fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from engine.data.load import load_dataset
from engine.declare import Spec
from engine.graph import DataSetup
from engine.primitives.base import Array, Context
from engine.primitives.tanh import Tanh
from engine.training import Trainer
from engine.training.checks import first_loss_check, gradient_check, overfit_check, shuffled_check
from engine.training.examination import Examiner
from tests.engine.training.nets import blobs, chain, mlp, project


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "gelu", "step"])
def test_right_gradients_pass(activation: str) -> None:
    found = gradient_check(project(mlp((4, 8, 8, 3), activation, batch_norm="before")), blobs())
    # weight, bias, gain and offset of three layers
    assert len(found) == 12
    assert all(t.right for t in found)
    assert sum(np.isfinite(t.error) for t in found) >= 6


def test_a_wrong_gradient_is_found_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(
        self: Tanh, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        return (grad * (1 - output),)

    monkeypatch.setattr(Tanh, "backward", wrong)
    found = {(t.node, t.name): t for t in gradient_check(project(mlp((4, 8, 3))), blobs())}
    assert not found["n1", "weight"].right and not found["n1", "bias"].right
    assert found["n2", "weight"].right and found["n2", "bias"].right


def test_trained_weights_can_be_checked_too() -> None:
    p, data = project(mlp((4, 8, 3))), blobs()
    weights = {("n1", "weight"): np.full((8, 4), 0.5), ("n1", "bias"): np.zeros(8)}
    assert all(t.right for t in gradient_check(p, data, weights))


def test_the_trio_passes_on_a_sound_net() -> None:
    p, data = (
        project(mlp((4, 16, 3), weight_init=Spec("xavier_normal", {"gain": 0.5})), epochs=15),
        blobs(per_class=100),
    )
    assert first_loss_check(p, data).passed
    assert overfit_check(p, data).passed
    result = shuffled_check(p, data)
    assert result.passed and result.expected == pytest.approx(np.log(3), abs=0.02)


def test_the_trio_fails_where_it_should() -> None:
    loud = project(mlp((4, 32, 3), weight_init=Spec("normal", {"std": 5.0})))
    assert first_loss_check(loud, blobs()).passed is False
    blind = project(chain(("input", {"size": (4,)}), ("rescale", {"scale": 0.0}), *mlp_tail()))
    assert overfit_check(blind, blobs(), seconds=2.0).passed is False


@pytest.mark.parametrize(
    ("classes", "units", "loss", "guess"),
    [
        (2, 1, "binary_cross_entropy", np.log(2)),
        (3, 3, "binary_cross_entropy", np.log(2)),
        (3, 3, "softmax_cross_entropy", np.log(3)),
    ],
)
def test_what_guessing_gives_is_the_losss_own(classes: int, units: int, loss: str, guess: float) -> None:
    data = blobs(classes=classes, per_class=300, spread=8.0)  # classes that nobody could tell apart by luck
    graph = mlp((4, 16, units), loss=loss, weight_init=Spec("xavier_normal", {"gain": 0.8}))
    seen = Examiner(Trainer(project(graph), data, backend="numpy"))
    result = first_loss_check(project(graph), data)
    assert result.passed and result.expected == pytest.approx(guess, rel=1e-6)
    assert guess < seen.expected_first < 1.7 * guess
    silent = mlp((4, 16, units), loss=loss, weight_init=Spec("zeros"))
    assert Examiner(Trainer(project(silent), data, backend="numpy")).expected_first == pytest.approx(guess, rel=1e-6)


def test_sound_nets_of_two_classes_pass_whatever_the_luck_of_their_labels() -> None:
    """Points in a few clouds, where first losses run from 0.07 to 3.7; loud ones fail whichever way luck goes."""
    he, sets = Spec("he_normal"), [load_dataset(DataSetup(Spec(s), test=0.0)) for s in ("circle", "gauss", "spiral")]
    nets = (
        mlp((2, 8, 4, 2)), mlp((2, 16, 16, 2), "relu", weight_init=he),
        mlp((2, 8, 1), "sigmoid", loss="binary_cross_entropy"),
        mlp((2, 16, 8, 1), "relu", loss="binary_cross_entropy", weight_init=he),
    )  # fmt: skip
    found = [first_loss_check(project(net, seed=k), d) for k in range(2) for d in sets for net in nets]
    assert [r for r in found if not r.passed] == [] and len(found) == 24
    assert max(r.value for r in found) > 2 * np.log(2), "luck alone would have failed some"
    loud = mlp((2, 16, 16, 2), "relu", weight_init=Spec("normal", {"std": 2.0}))
    assert [first_loss_check(project(loud, seed=k), d).passed for k in range(2) for d in sets] == [False] * 6


def mlp_tail() -> list[tuple[str, dict[str, Any]]]:
    return [("dense", {"units": 3}), ("output", {"loss": Spec("softmax_cross_entropy")})]


def test_what_does_not_apply_is_said() -> None:
    data = blobs(classes=2)
    regression = project(mlp((4, 6, 1), loss="half_squared"))
    assert first_loss_check(regression, data).passed is None
