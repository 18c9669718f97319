"""What a layer cannot take it refuses by its rule, with what was expected, what came, and a repair that works."""

from __future__ import annotations

from typing import Any

import pytest

from engine.layers import LAYERS, ShapeRefusal
from engine.primitives import Shape

Case = tuple[str, dict[str, Any], tuple[Shape, ...], str, str, str]
# layer, parameters, input shapes, words of the rule, expected, got
CASES: list[Case] = [
    ("dense", {}, ((1, 28, 28),), "a vector per sample", "N x features", "N x 1 x 28 x 28"),
    ("dense", {}, ((),), "at least one axis", "N x features", "N"),
    ("conv2d", {"kernel": (9, 9)}, ((3, 5, 5),), "a window that fits the image", "at most 5 x 5", "9 x 9"),
    ("conv2d", {"kernel": (3, 3), "dilation": (3, 3)}, ((3, 6, 6),), "a window that fits", "at most 2 x 2", "3 x 3"),
    ("conv2d", {}, ((784,),), "an image per sample", "N x C x H x W", "N x 784"),
    ("conv2d", {"groups": 2}, ((3, 5, 5),), "groups that divide", "a divisor of 3", "2"),
    ("conv2d", {"groups": 3, "filters": 32}, ((3, 5, 5),), "groups that divide", "a divisor of 32", "3"),
    ("max_pool2d", {"size": (4, 2)}, ((3, 3, 3),), "a window that fits the image", "at most 3 x 2", "4 x 2"),
    ("max_pool2d", {}, ((10,),), "an image per sample", "N x C x H x W", "N x 10"),
    (
        "avg_pool2d", {"padding": "explicit", "pads": (2, 0, 0, 0)}, ((1, 4, 4),), "padding smaller than the window",
        "at most 1 rows and 1 columns", "2 0 0 0",
    ),
    ("global_avg_pool", {}, ((10,),), "an image per sample", "N x C x H x W", "N x 10"),
    ("reshape", {"target": (3, 5)}, ((2, 7),), "the same count of numbers", "14 numbers", "15"),
    ("reshape", {"target": (4, -1)}, ((2, 7),), "the same count of numbers", "14 numbers", "a multiple of 4"),
    ("reshape", {"target": (-1, -1)}, ((2, 7),), "one open axis at most", "at most one -1, no 0", "-1 x -1"),
    ("reshape", {"target": (0, 2)}, ((2, 7),), "one open axis at most", "at most one -1, no 0", "0 x 2"),
    ("standardize", {"mean": (1.0, 2.0)}, ((3,),), "one constant, or one per", "1 or 3", "2"),
    ("add", {}, ((3,), (4,)), "inputs of one shape", "N x 3", "N x 4"),
    ("add", {}, ((3,),), "two inputs or more", "2 or more", "1"),
    ("concat", {}, ((3, 4), (3, 5)), "differ along the axis only", "N x any x 4", "N x 3 x 5"),
    ("concat", {}, ((3, 4), (3,)), "differ along the axis only", "N x any x 4", "N x 3"),
    ("concat", {"axis": 2}, ((3, 4), (3, 4)), "an axis that is there", "0 to 1", "2"),
    ("concat", {}, ((3,),), "two inputs or more", "2 or more", "1"),
    ("multiply", {}, ((3, 4), (2, 4)), "inputs of one shape, or one cell", "N x 3 x 4", "N x 2 x 4"),
    ("multiply", {}, ((3,),), "two inputs or more", "2 or more", "1"),
    ("subtract", {}, ((3,), (4,)), "inputs of one shape", "N x 3", "N x 4"),
    ("average", {}, ((3, 2), (3, 1)), "inputs of one shape", "N x 3 x 2", "N x 3 x 1"),
    ("maximum", {}, ((3,), (3, 1)), "inputs of one shape", "N x 3", "N x 3 x 1"),
    ("permute", {"order": (0, 2)}, ((3, 4),), "each axis once", "an order of 0 1", "0 2"),
    ("permute", {"order": (0, 1, 1)}, ((3, 4, 5),), "each axis once", "an order of 0 1 2", "0 1 1"),
    ("conv1d", {"kernel": 4, "dilation": 2}, ((2, 6),), "a window that fits the sequence", "at most 6", "7"),
    ("conv1d", {}, ((9,),), "a sequence per sample", "N x C x L", "N x 9"),
    ("depthwise_conv2d", {"kernel": (3, 7)}, ((2, 5, 5),), "a window that fits", "at most 3 x 5", "3 x 7"),
    (
        "conv_transpose2d", {"padding": "explicit", "pads": (2, 0, 2, 0)}, ((2, 2, 2),), "a crop that leaves something",
        "at least 1 x 1", "0 x 4",
    ),
    ("group_norm", {"groups": 4}, ((6, 2, 2),), "groups that divide the channels", "a divisor of 6", "4"),
    ("instance_norm", {}, ((6,),), "at least 2 axes", "N x C x H x W", "N x 6"),
    ("spatial_dropout", {}, ((6,),), "at least 2 axes", "N x C x H x W", "N x 6"),
    ("upsample", {}, ((6, 5),), "an image per sample", "N x C x H x W", "N x 6 x 5"),
    ("embedding", {}, ((2, 3, 4),), "a row of ids per sample", "N x T", "N x 2 x 3 x 4"),
    ("positional_encoding", {}, ((7,),), "a sequence of vectors", "N x T x D", "N x 7"),
    ("slice", {"start": 3, "end": 3}, ((5,),), "not empty", "a start below the end, within 5", "3 to 3"),
    ("slice", {"start": 7}, ((5,),), "not empty", "a start below the end, within 5", "7 to 5"),
    ("slice", {"axis": 2}, ((5, 3),), "an axis that is there", "0 to 1", "2"),
    ("cross_attention", {"heads": 4}, ((5, 6), (4, 3), (4, 3)), "heads that divide", "a divisor of 6", "4"),
    ("cross_attention", {"heads": 2}, ((5, 6), (4, 3), (7, 3)), "a value for every key", "N x 4 x 3", "N x 7 x 3"),
    (
        "masked_attention", {"heads": 2}, ((5, 6), (4, 3), (4, 3), (5,)), "a number of the mask for every key", "N x 4",
        "N x 5",
    ),
    ("multi_head_attention", {"heads": 4}, ((5, 6),), "heads that divide the features", "a divisor of 6", "4"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "params", "shapes", "rule", "expected", "got"), CASES)
def test_refusal_names_rule_and_both_values(
    kind: str, params: dict[str, Any], shapes: tuple[Shape, ...], rule: str, expected: str, got: str
) -> None:
    layer = LAYERS[kind](**params)
    with pytest.raises(ShapeRefusal) as caught:
        layer.shape(*shapes)
    refusal = caught.value
    assert rule in refusal.rule
    assert (refusal.expected, refusal.got) == (expected, got)
    assert str(refusal) == refusal.template.format(**refusal.values)
    for value in refusal.values.values():
        if str(value) == got:
            break
    else:
        assert got.removeprefix("N x ") in str(refusal) or got in str(refusal)


@pytest.mark.parametrize(("kind", "params", "shapes"), [c[:3] for c in CASES])
def test_parameter_repairs_work(kind: str, params: dict[str, Any], shapes: tuple[Shape, ...]) -> None:
    with pytest.raises(ShapeRefusal) as caught:
        LAYERS[kind](**params).shape(*shapes)
    for fix in caught.value.fixes:
        assert fix.label
        if fix.kind == "set_param":
            LAYERS[kind](**{**params, fix.args["name"]: fix.args["value"]}).shape(*shapes)
        elif fix.kind == "reset_param":
            kept = {k: v for k, v in params.items() if k != fix.args["name"]}
            LAYERS[kind](**kept).shape(*shapes)
        elif fix.kind == "insert_before":
            before = LAYERS[fix.args["layer"]](**fix.args.get("params", {}))
            LAYERS[kind](**params).shape(before.shape(*shapes))
        else:
            pytest.fail(f"an unknown kind of repair: {fix.kind}")


def test_the_sentence_of_the_design() -> None:
    with pytest.raises(ShapeRefusal, match="kernel 9 x 9 does not fit a 5 x 5 input"):
        LAYERS["conv2d"](kernel=(9, 9)).shape((3, 5, 5))


def test_a_square_vector_is_offered_its_image() -> None:
    with pytest.raises(ShapeRefusal) as caught:
        LAYERS["conv2d"]().shape((3072,))
    assert caught.value.fixes[0].args == {"layer": "reshape", "params": {"target": (3, 32, 32)}}
    with pytest.raises(ShapeRefusal) as caught:
        LAYERS["conv2d"]().shape((13,))
    assert caught.value.fixes == ()
