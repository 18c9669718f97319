"""No tape runs unchecked: every offset of every instruction, moved out of bounds, is named before anything happens."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends.tape import opcodes as o
from engine.backends.tape.compiler import Compiler
from engine.backends.tape.validate import Bounds, TapeError, check_tape, validate
from engine.declare import Spec
from engine.graph import Graph
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from tests.engine.backends.test_tape_dense import NETS as DENSE
from tests.engine.backends.test_tape_images import NETS as IMAGES
from tests.engine.backends.test_tape_images import TILED
from tests.engine.backends.test_tape_tokens import NETS as TOKENS

GRAPHS: dict[str, tuple[Graph, Spec]] = {**DENSE, **TOKENS, **TILED, **{k: v[:2] for k, v in IMAGES.items()}}
#: columns that hold a place in the arena, by family and opcode (backward as forward)
PLACES: dict[tuple[int, int], tuple[int, ...]] = {
    (o.MOVE, o.GATHER): (2,), (o.MOVE, o.COPY): (2, 6), (o.MOVE, o.PERMUTE): (2, 5), (o.MOVE, o.DROPOUT): (2, 5),
    (o.MOVE, o.PACK): (2, 3), (o.MOVE, o.REDUCE): (2, 5), (o.MOVE, o.COMMIT): (2, 3), (o.MOVE, o.SUM_UP): (4,),
    **{(o.ELEMENT, op): (2, 5, 8) for op in range(o.MULTIPLY + 1)},
    (o.MATRIX, o.LINEAR): (2, 3, 5), (o.MATRIX, o.LINEAR_DX): (2, 3, 4), (o.MATRIX, o.LINEAR_DW): (2, 3, 4),
    (o.MATRIX, o.COLUMN_SUM): (2, 3), (o.NORM, o.STATISTICS): (2, 9), (o.NORM, o.FIX): (4, 5, 6, 7, 10),
    (o.NORM, o.APPLY): (2, 5, 11), (o.NORM, o.SUMS): (2, 5, 12), (o.NORM, o.FIX_BACK): (7,),
    (o.NORM, o.APPLY_BACK): (2, 5, 8, 14), **{(o.LOSS, op): (2, 4) for op in range(o.FINISH)},
    (o.UPDATE, o.SQUARES): (2,), (o.UPDATE, o.PENALTY): (2, 3, 4),
    **{(o.UPDATE, op): (2, 3, 4) for op in (*range(6), *range(o.ADAMAX, o.LION + 1))},
    (o.CONV, o.DIRECT): (2, 11, 13), (o.CONV, o.WEIGHTS): (2, 11, 17), (o.CONV, o.SPREAD): (2, 6, 15),
    (o.CONV, o.TURN): (2, 3), (o.CONV, o.PIXEL_SUM): (2, 8), (o.POOL, o.MAX_POOL): (2, 5, 19),
    (o.WINOGRAD, o.TILES): (2, 6, 8, 16), (o.WINOGRAD, o.TILES_DW): (2, 6, 8, 16), (o.WINOGRAD, o.POINTS): (2, 3),
    (o.ATTENTION, o.SCORES): (2, 3, 4, 11), (o.ATTENTION, o.MIX): (2, 3, 4), (o.TOKENS, o.LAYER_NORM): (2, 3, 9),
    (o.TOKENS, o.ADD_ROW): (2, 3, 4), (o.TOKENS, o.EMBED): (2, 3, 4),
    (o.WINOGRAD, o.POINTS_BACK): (2, 3), (o.POOL, o.AVERAGE_POOL): (2, 5), (o.POOL, o.GLOBAL_POOL): (2, 5),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_a_place_moved_out_of_the_arena_is_named(name: str) -> None:
    graph, optimizer = GRAPHS[name]
    plan = build_plan(graph)
    program = Compiler(plan, OPTIMIZERS.make(optimizer), 7, 3).program()
    validate(program, 7, 3, len(plan.weights))
    bounds = Bounds(7, 3, program.arena, program.doubles, len(program.constants))
    tape = program.tapes["train"]
    for row in tape:
        op = int(row[1]) % o.BACK if row[0] in (o.ELEMENT, o.POOL, o.ATTENTION, o.TOKENS) else int(row[1])
        for column in PLACES.get((int(row[0]), op), ()):
            for far in (-program.arena, program.arena):
                moved = row[None, :].copy()
                moved[0, column] += far
                if moved[0, column] == -1:  # says that there is none
                    continue
                with pytest.raises(TapeError, match=f"tape 'train', row 0, {o.FAMILIES[row[0]]}"):
                    check_tape("train", moved, bounds, len(plan.weights))


def test_more_samples_than_the_arena_was_made_for_are_refused() -> None:
    graph, optimizer = GRAPHS["wide"]
    plan = build_plan(graph)
    program = Compiler(plan, OPTIMIZERS.make(optimizer), 4, 1).program()
    with pytest.raises(TapeError, match="of an arena of"):
        validate(program, 400, 1, len(plan.weights))


def test_a_group_beyond_the_end_is_refused() -> None:
    tape = np.zeros((2, o.WIDTH), np.int64)
    tape[0, :3] = o.CONTROL, o.GROUP, 5
    with pytest.raises(TapeError, match="a group of 5 rows in a tape of 2"):
        check_tape("train", tape, Bounds(1, 1, 16, 1, 1), 0)
