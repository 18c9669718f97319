"""The point sets keep TensorFlow Playground's definitions: each is checked by inverting its formula on every point."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.data import SOURCES, DataError
from engine.data.source import Samples
from engine.data.sources._points import FEATURES, plane_features
from engine.declare import ParamError

TWO_CLASS = ("circle", "gauss", "spiral", "xor")
VALUES = ("multi_gauss", "plane")


def made(source: str, **params: Any) -> Samples:
    return SOURCES[source](**params).load(None)


def xy_and_sign(source: str, **params: Any) -> tuple[np.ndarray, np.ndarray]:
    samples = made(source, labels="values", **params)
    return samples.extra["points"], samples.y["y"][:, 0]


def test_circle_without_noise_is_a_disc_in_a_ring() -> None:
    xy, label = xy_and_sign("circle", points=4000)
    radius = np.hypot(xy[:, 0], xy[:, 1])
    assert (radius[label > 0] < 2.5).all() and (radius[label < 0] >= 3.5).all() and radius.max() <= 5.0
    assert (label > 0).sum() == 2000
    # the radius is uniform, not the area: mean and variance of a uniform number
    for part, low, high in ((radius[label > 0], 0.0, 2.5), (radius[label < 0], 3.5, 5.0)):
        assert part.mean() == pytest.approx((low + high) / 2, abs=0.04)
        assert part.std() == pytest.approx((high - low) / math.sqrt(12), rel=0.04)


def test_circle_noise_moves_labels_and_not_points() -> None:
    xy, label = xy_and_sign("circle", points=4000, noise=50, seed=3)
    quiet, _ = xy_and_sign("circle", points=4000, noise=0, seed=3)
    assert (xy == quiet).all()
    radius = np.hypot(xy[:, 0], xy[:, 1])
    assert 0.05 < (label[radius < 2.5] < 0).mean() < 0.5
    # the noise reaches 2.5 in each coordinate, so a label beyond the reach cannot turn
    assert (label[radius > 2.5 + 2.5 * math.sqrt(2)] < 0).all()


def test_xor_labels_are_the_sign_of_the_product_and_axes_keep_clear() -> None:
    xy, label = xy_and_sign("xor", points=4000)
    assert (label == np.where(xy[:, 0] * xy[:, 1] >= 0, 1, -1)).all()
    assert np.abs(xy).min() >= 0.3 and np.abs(xy).max() <= 5.3
    assert np.abs(xy).mean() == pytest.approx(2.8, abs=0.06)


def test_gauss_variance_goes_from_a_half_to_four() -> None:
    for noise, variance in ((0, 0.5), (25, 2.25), (50, 4.0)):
        xy, label = xy_and_sign("gauss", points=20000, noise=noise)
        around = xy - 2.0 * label[:, None]
        assert around.mean() == pytest.approx(0, abs=0.03)
        assert around.var() == pytest.approx(variance, rel=0.03)
        # a normal number's fourth moment is three times its squared variance
        assert (around**4).mean() == pytest.approx(3 * variance**2, rel=0.1)


def test_spiral_points_follow_the_formula_exactly() -> None:
    xy, label = xy_and_sign("spiral", points=500)
    expected = {}
    for sign, phase in ((1, 0.0), (-1, math.pi)):
        for i in range(250):
            r, t = 5 * i / 250, 1.75 * i / 250 * 2 * math.pi + phase
            expected[sign, i] = (r * math.sin(t), r * math.cos(t))
    for sign in (1, -1):
        mine = xy[label == sign]
        mine = mine[np.argsort(np.hypot(mine[:, 0], mine[:, 1]))]
        theirs = np.array([expected[sign, i] for i in range(250)])
        assert np.abs(mine - theirs).max() < 1e-12


def test_spiral_noise_moves_points_by_at_most_its_share() -> None:
    noisy, label = xy_and_sign("spiral", noise=30, seed=9)
    quiet, quiet_label = xy_and_sign("spiral", noise=0, seed=9)
    assert (label == quiet_label).all()
    step = noisy - quiet
    assert 0.25 < np.abs(step).max() <= 0.3 and step.std() == pytest.approx(0.3 / math.sqrt(3), rel=0.06)


def test_plane_is_a_tenth_of_the_sum() -> None:
    samples = made("plane", points=500)
    assert np.allclose(samples.y["y"][:, 0], samples.x["x"].sum(axis=1) / 10, atol=1e-15)
    noisy = made("plane", points=5000, noise=50)
    stray = noisy.y["y"][:, 0] - noisy.x["x"].sum(axis=1) / 10
    assert stray.std() == pytest.approx(math.sqrt(2) * 3 / math.sqrt(3) / 10, rel=0.05)


@pytest.mark.parametrize(("source", "reach"), [("plane", 6.0), ("multi_gauss", 6.0), ("circle", 5.0), ("xor", 5.3)])
def test_points_fill_the_plane_up_to_their_reach(source: str, reach: float) -> None:
    points = made(source, points=5000).extra["points"]
    assert np.abs(points).max() <= reach
    assert points.min(axis=0).max() < -0.98 * reach and points.max(axis=0).min() > 0.98 * reach


def test_multi_gauss_noise_samples_the_cones_elsewhere() -> None:
    quiet, noisy = made("multi_gauss", points=4000, seed=2), made("multi_gauss", points=4000, noise=25, seed=2)
    assert (quiet.x["x"] == noisy.x["x"]).all()
    assert 0.2 < (np.abs(quiet.y["y"] - noisy.y["y"]) > 0.05).mean() < 0.9
    spread = np.abs(noisy.y["y"][np.abs(quiet.y["y"]) > 0.9])
    assert spread.mean() < 0.7


def test_multi_gauss_is_the_tallest_cone() -> None:
    samples = made("multi_gauss", points=2000)
    cones = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
    for (x, y), value in zip(samples.x["x"], samples.y["y"][:, 0], strict=True):
        heights = [s * max(0.0, 1 - math.hypot(x - cx, y - cy) / 2) for cx, cy, s in cones]
        assert value == pytest.approx(max(heights, key=abs), abs=1e-14)
    assert samples.y["y"].max() > 0.9 and samples.y["y"].min() < -0.9


@pytest.mark.parametrize("source", TWO_CLASS)
def test_class_zero_is_the_label_minus_one(source: str) -> None:
    classes, values = made(source, noise=20), made(source, noise=20, labels="values")
    assert classes.task == "binary" and classes.class_names == ("-1", "+1") and classes.y["y"].dtype == np.int64
    assert values.task == "values" and values.y["y"].shape == (500, 1) and values.y["y"].dtype == np.float64
    assert (2 * classes.y["y"] - 1 == values.y["y"][:, 0]).all()


@pytest.mark.parametrize("source", (*TWO_CLASS, *VALUES))
def test_points_depend_on_the_seed_alone_and_stay_the_same(source: str) -> None:
    one, again, other = (made(source, noise=10, seed=s).x["x"] for s in (1, 1, 2))
    assert one.dtype == np.float64 and (one == again).all() and not (one == other).any(axis=1).all()
    assert made(source, points=37).x["x"].shape == (37, 2)


def test_points_of_seed_zero_are_pinned() -> None:
    """Files name a seed, so the points behind it may never change."""
    circle = made("circle").x["x"]
    assert circle[0].tolist() == PINNED["circle"] and made("gauss", noise=10).x["x"][0].tolist() == PINNED["gauss"]


def test_points_are_mixed_so_that_an_unshuffled_split_sees_both_classes() -> None:
    for source in TWO_CLASS:
        first = made(source).y["y"][:100]
        assert 25 < first.sum() < 75


def test_seven_features() -> None:
    all_features = dict.fromkeys(FEATURES, True)
    samples = made("gauss", **all_features)
    a, b = samples.extra["points"].T
    expected = np.stack([a, b, a**2, b**2, a * b, np.sin(a), np.sin(b)], axis=1)
    assert samples.feature_names == ("x1", "x2", "x1^2", "x2^2", "x1 x2", "sin x1", "sin x2")
    assert np.array_equal(samples.x["x"], expected)
    assert np.array_equal(plane_features(samples.extra["points"], ("sin x2", "x1")), expected[:, [6, 0]])


def test_no_feature_and_bad_params_are_refused() -> None:
    with pytest.raises(DataError, match="no feature is ticked"):
        made("xor", x1=False, x2=False)
    for bad in ({"noise": 51}, {"points": 1}, {"train_share": 5}, {"train_share": 95}, {"seed": -1}):
        with pytest.raises(ParamError):
            SOURCES["xor"](**bad)


PINNED: dict[str, list[float]] = {
    "circle": [0.2239941491336399, -4.176220040951355],
    "gauss": [-2.1418662205778034, -2.8847315005852323],
}
