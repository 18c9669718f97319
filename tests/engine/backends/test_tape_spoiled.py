"""An update that spoils a weight stops the tape at once, and the weights from before come back."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends import DivergedError
from engine.declare import Spec
from tests.engine.backends.twins import data, tape
from tests.engine.training.nets import mlp


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "momentum"])
def test_a_spoiled_weight_stops_the_tape_and_the_last_good_ones_come_back(optimizer: str) -> None:
    """Loss and gradient of the third step are finite; only its rate is not to be borne."""
    with tape(mlp((4, 17, 3), loss="half_squared"), Spec(optimizer), 2) as made:
        x, y = data(made.plan, 24)
        made.bind(x, {k: 1e3 * v for k, v in y.items()})
        made.train(np.arange(24).reshape(2, 12), np.full(2, 1e-6), 0)
        good = made.weights()
        with pytest.raises(DivergedError) as error:
            made.train(np.arange(24).reshape(2, 12), np.full(2, 3e38), 2)
        assert error.value.step == 2 and error.value.done is not None and len(error.value.done.loss) == 0
        after = made.weights()
        assert all(np.array_equal(v, after[k]) for k, v in good.items())
        assert not error.value.tensor.startswith("gradient")
