"""Refusals that several layers share, and how they write shapes."""

from __future__ import annotations

import math

from engine.layers.base import Fix, ShapeRefusal
from engine.primitives import Shape, size


def text(shape: Shape) -> str:
    """``N x 32 x 26 x 26``."""
    return " x ".join(["N", *map(str, shape)])


def cells(shape: Shape) -> str:
    """``32 x 26 x 26``; a single number stays alone."""
    return " x ".join(map(str, shape)) or "one number"


def need_image(layer: str, shape: Shape) -> None:
    """Refuses whatever is not (C, H, W). A vector with a square number of features is offered a Reshape."""
    if len(shape) == 3:
        return
    fixes: tuple[Fix, ...] = ()
    target = _square_image(size(shape))
    if target:
        fixes = (Fix("Insert Reshape", "insert_before", {"layer": "reshape", "params": {"target": target}}),)
    raise ShapeRefusal(
        "an image per sample",
        "{layer} takes an image (channels x height x width), but {got} came",
        {"layer": layer, "got": text(shape)},
        expected="N x C x H x W",
        got=text(shape),
        fixes=fixes,
    )


def _square_image(count: int) -> Shape:
    """(1, s, s) or (3, s, s) of this many cells, or ()."""
    for channels in (1, 3):
        side = math.isqrt(count // channels)
        if side > 1 and channels * side * side == count:
            return (channels, side, side)
    return ()


def need_axes(layer: str, shape: Shape, least: int, expected: str) -> None:
    """Refuses fewer than ``least`` axes per sample."""
    if len(shape) < least:
        raise ShapeRefusal(
            f"at least {least} axes" if least > 1 else "at least one axis",
            "{layer} takes {expected}, but {got} came",
            {"layer": layer, "expected": expected, "got": text(shape)},
            expected=expected,
            got=text(shape),
        )


def need_sequence(layer: str, shape: Shape) -> None:
    """Refuses whatever is not (T, D)."""
    if len(shape) != 2:
        raise ShapeRefusal(
            "a sequence of vectors per sample",
            "{layer} takes a sequence of vectors (places x features), but {got} came",
            {"layer": layer, "got": text(shape)},
            expected="N x T x D",
            got=text(shape),
        )


def need_equal(layer: str, shapes: tuple[Shape, ...]) -> None:
    """Refuses inputs whose shapes differ; a layer that merges needs two at least."""
    if len(shapes) < 2:
        raise ShapeRefusal(
            "two inputs or more",
            "{layer} joins two inputs or more, but {count} came",
            {"layer": layer, "count": len(shapes)},
            expected="2 or more",
            got=str(len(shapes)),
        )
    for k, shape in enumerate(shapes[1:], 2):
        if shape != shapes[0]:
            raise ShapeRefusal(
                "inputs of one shape",
                "{layer} needs inputs of one shape, but input 1 is {first} and input {k} is {other}",
                {"layer": layer, "first": text(shapes[0]), "k": k, "other": text(shape)},
                expected=text(shapes[0]),
                got=text(shape),
            )
