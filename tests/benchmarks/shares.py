"""Where a step's time goes: every instruction of a tape called one by one on one thread, and timed."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections import defaultdict
from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o

#: opcodes by family, in the order of their numbers
NAMES: dict[int, tuple[str, ...]] = {
    o.MOVE: ("clear", "gather", "copy", "permute", "dropout", "pack", "reduce", "commit", "sum_up", "noise"),
    o.ELEMENT: (
        "relu", "leaky", "sigmoid", "tanh", "elu", "gelu", "step", "affine", "add", "softmax", "prelu", "prelu_sums",
        "silu", "softplus", "softsign", "mish", "sine", "clip", "growing_cosine", "multiply",
    ),
    o.MATRIX: ("linear", "linear_dx", "linear_dw", "column_sum"),
    o.NORM: ("statistics", "fix", "apply", "sums", "fix_back", "apply_back"),
    o.LOSS: ("cross_entropy", "binary", "squared", "half_squared", "absolute", "huber", "finish"),
    o.UPDATE: ("sgd", "momentum", "nesterov", "adam", "rmsprop", "adagrad", "squares", "penalty",
               "adamax", "nadam", "radam", "adabelief", "adabound", "lion"),
    o.CONV: ("direct", "weights", "spread", "turn", "pixel_sum"),
    o.WINOGRAD: ("tiles", "tiles_dw", "points", "points_back", "ahead"),
    o.ATTENTION: ("scores", "mix", "attend"),
    o.TOKENS: ("layer_norm", "add_row", "embed"),
    o.POOL: ("max_pool", "average_pool", "global_pool"),
}  # fmt: skip


def name(family: int, op: int) -> str:
    """"family.opcode", with "'" for the way back."""
    back = op >= o.BACK
    return f"{o.FAMILIES[family]}.{NAMES[family][op % o.BACK]}" + ("'" if back else "")


def net_shares(net: str, steps: int = 5) -> dict[str, float]:
    """The part of each opcode in a step of a net, on one thread, the largest first."""
    from engine.backends.tape.executable import TapeExecutable
    from engine.optimizers import OPTIMIZERS
    from engine.plan import build_plan
    from tests.benchmarks.nets import NETS
    from tests.benchmarks.worker import sample_data

    chosen = NETS[net]
    plan = build_plan(chosen.graph)
    made = TapeExecutable(plan, OPTIMIZERS.make(chosen.optimizer), "float32", 0, 1)
    x, y = sample_data(chosen, plan.values[plan.inputs[0].value].shape)
    made.bind({"x": x}, {"y": y})
    made.train(np.tile(np.arange(chosen.batch), (2, 1)), np.zeros(2), 0)
    if chosen.inference:
        made.forward({"x": x}, [plan.heads[0].shown])
    # the frame keeps addresses of the last call's arrays; these outlive it
    rates = np.zeros(1)
    scalars, keys = made.scalars(rates, 0, chosen.batch), made._keys(0, 1)
    held = {
        o.ROWS: np.arange(chosen.batch), o.SCALARS: scalars,
        o.KEYS: np.zeros((1, 1), np.int64) if keys is None else keys,
        o.LOSSES: np.zeros(1), o.PENALTIES: np.zeros(1), o.HITS: np.zeros(1, np.int64),
        o.NORMS: np.zeros((1, max(len(plan.weights), 1))),
    }  # fmt: skip
    frame = made._machine._frame
    for slot, array in held.items():
        frame[slot] = array.ctypes.data
    frame[o.SCALAR_COUNT], frame[o.KEY_COUNT] = scalars.shape[1], held[o.KEYS].shape[1]
    for k, array in enumerate(made._data.arrays):
        frame[o.FIELDS + 2 * k], frame[o.FIELDS + 2 * k + 1] = array.ctypes.data, array.shape[1]
    spent = shares(made, "shown" if chosen.inference else "train", chosen.batch, steps)
    made.close()
    return {name: seconds / sum(spent.values()) for name, seconds in spent.items()}


def shares(made: Any, mode: str, batch: int, steps: int) -> dict[str, float]:
    """Seconds a step by opcode. The machine must have run the mode once with this batch, on one thread.

    Of each call the median over steps counts: other programs take the core now and then.
    """
    from engine.backends.tape import library

    machine = made._machine
    _, addresses = library.load(machine.program.families)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 6)
    kernels = [call(int(a)) if a else None for a in addresses]
    tape, frame = machine.program.tapes[mode], machine._frame
    frame_at, start, clock = frame.ctypes.data, tape.ctypes.data, time.perf_counter
    times: list[dict[tuple[int, int], float]] = []

    def one(k: int, first: int, last: int) -> None:
        kernel = kernels[int(tape[k, 0])]
        assert kernel is not None
        began = clock()
        kernel(frame_at, start + 8 * k * o.WIDTH, first, last, 0, 0)
        times[-1][k, first] = clock() - began

    for _ in range(steps):
        times.append({})
        k = 0
        while k < len(tape):
            family, op = int(tape[k, 0]), int(tape[k, 1])
            if family != o.CONTROL:
                one(k, 0, 0)
            elif op == o.GROUP:
                count, size = int(tape[k, 2]), int(tape[k, 3]) or batch
                for at in range(0, batch, size):
                    for row in range(k + 1, k + 1 + count):
                        one(row, at, min(at + size, batch))
                k += count
            k += 1
    spent: dict[str, float] = defaultdict(float)
    for place in times[0]:
        family, op = int(tape[place[0], 0]), int(tape[place[0], 1])
        spent[name(family, op)] += statistics.median(each[place] for each in times)
    return dict(sorted(spent.items(), key=lambda item: -item[1]))
