"""Numbers that compilers of tapes and kernels share: families, opcodes, and the slots of a frame.

A tape is an int64 matrix, one row an instruction: row[0] the family, row[1] the opcode in it, row[2:] operands, most of
them offsets into the arena, counted in floats. Kernels take them as plain global integers, so they are spelled out.
"""

from __future__ import annotations

#: columns of a tape
WIDTH = 26
#: columns of the weights' panels
PANEL = 16
#: rows that one long sum over samples takes at a time; the parts are added up (ten times more exact)
SUM_ROWS = 128

# families
CONTROL, MOVE, ELEMENT, MATRIX, NORM, LOSS, UPDATE, CONV, POOL, WINOGRAD, ATTENTION, TOKENS = range(12)
FAMILIES = (
    "control", "move", "element", "matrix", "norm", "loss", "update", "conv", "pool", "winograd", "attention", "tokens",
)  # fmt: skip

# control: BARRIER; GROUP (rows, samples a block, 0 = all); CHECK (stop where a kernel asked for it, and where its
# operand is 1 if an update spoiled a weight); SKIP (scalar, rows: pass them over in a step whose scalar is 0)
BARRIER, GROUP, CHECK, SKIP = range(4)

# move
CLEAR, GATHER, COPY, PERMUTE, DROPOUT, PACK, REDUCE, COMMIT, SUM_UP, NOISE = range(10)

# element; backward is the same number plus BACK
RELU, LEAKY, SIGMOID, TANH, ELU, GELU, STEP, AFFINE, ADD, SOFTMAX, PRELU, PRELU_SUMS = range(12)
SILU, SOFTPLUS, SOFTSIGN, MISH, SINE, CLIP, GROWING_COSINE, MULTIPLY, MAXIMUM, HIDE = range(12, 22)
BACK = 64

# matrix
LINEAR, LINEAR_DX, LINEAR_DW, COLUMN_SUM = range(4)

# norm
STATISTICS, FIX, APPLY, SUMS, FIX_BACK, APPLY_BACK = range(6)

# loss
CROSS_ENTROPY, BINARY, SQUARED, HALF_SQUARED, ABSOLUTE, HUBER, FINISH = range(7)
HINGE, KL, COSINE, BINARY_FOCAL, MARGINS, FOCAL, WEIGHTED = range(7, 14)

# update
SGD, MOMENTUM, NESTEROV, ADAM, RMSPROP, ADAGRAD, SQUARES, PENALTY = range(8)
ADAMAX, NADAM, RADAM, ADABELIEF, ADABOUND, LION = range(8, 14)
COLLECT, LIMIT, SCALE, AVERAGE = range(14, 18)

# conv
DIRECT, WEIGHTS, SPREAD, TURN, PIXEL_SUM, GROUPED, GROUPED_DX, GROUPED_DW = range(8)

# winograd
TILES, TILES_DW, POINTS, POINTS_BACK, AHEAD = range(5)
PARTS = (WIDTH - 2) // 4  # that one AHEAD row names

# pool
MAX_POOL, AVERAGE_POOL, GLOBAL_POOL = range(3)  # backward: the same number plus BACK

# attention and tokens; backward likewise
SCORES, MIX, ATTEND = range(3)
LAYER_NORM, ADD_ROW, EMBED, GROUP_NORM = range(4)

# slots of a frame (int64): addresses and counts
ARENA, DOUBLES, BATCH, THREADS, ROWS, SCALARS, SCALAR_COUNT, KEYS, KEY_COUNT, CONSTANTS = range(10)
LOSSES, PENALTIES, HITS, NORMS, WEIGHT_COUNT, SYNC, DOUBLES_EACH, ARENA_SIZE, CONSTANT_COUNT = range(10, 19)
WORKERS = 19  # real threads; THREADS counts the lanes into which the work is cut
MAX_THREADS, MAX_FIELDS = 64, 32
STOPS = 24  # a thread's wish to stop, at STOPS + thread
FIELDS = STOPS + MAX_THREADS  # address and numbers a sample of each field of the data
FRAME = FIELDS + 2 * MAX_FIELDS
#: float64 sums of each thread: [BAD] counts weights that an update spoiled, the rest is cleared at each step
BAD = 0
