"""A contestant in a process of its own: JSON lines in (net, seconds), JSON lines out (seconds a step, peak memory).

``python -m tests.benchmarks.worker CONTESTANT THREADS``. Contestants: tape, tape-fast (F(4x4) convolutions), torch
(eager), torch-fused, torch-last (channels last), torch-compile, sgemm (the machine's own limit: 1024 x 1024 products).
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.nets import Net, scaled

Step = tuple[Callable[[], object], int]  # a call, and how many steps it makes
#: of each tape that was made here, its runs by number of workers
RUNS: list[Callable[[], Counter[int]]] = []


def sample_data(net: Net, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """One batch, the same for all contestants."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((net.batch, *shape)).astype(np.float32)
    y = rng.integers(0, net.classes, net.batch) if net.classes else rng.standard_normal((net.batch, 1))
    return x, y


def tape(name: str, threads: int, winograd: int) -> Step:
    """Many steps a call, as the session makes them: chunks of about 10 ms."""
    from engine.backends.tape.executable import TapeExecutable
    from engine.optimizers import OPTIMIZERS
    from engine.plan import build_plan

    net = scaled(name)
    plan = build_plan(net.graph)
    made = TapeExecutable(plan, OPTIMIZERS.make(net.optimizer), "float32", 0, threads, winograd)
    RUNS.append(lambda: made._machine.pace.taken)
    x, y = sample_data(net, plan.values[plan.inputs[0].value].shape)
    if net.inference:
        shown = plan.heads[0].shown
        return lambda: made.forward({"x": x}, [shown]), 1
    made.bind({"x": x}, {"y": y})
    at = 0

    def train(count: int) -> None:
        nonlocal at
        made.train(np.tile(np.arange(net.batch), (count, 1)), np.full(count, made.optimizer.rate), at)
        at += count

    train(1)
    started = time.perf_counter()
    train(1)
    count = max(1, int(0.010 / (time.perf_counter() - started)))
    return lambda: train(count), count


def torch(name: str, threads: int, variant: str) -> Step:
    """The exporter's module, trained the way PyTorch trains fastest."""
    import torch as t

    from engine.files.torch_text import module_text
    from engine.optimizers import OPTIMIZERS
    from engine.plan import build_plan

    t.set_num_threads(threads)
    t.manual_seed(0)
    net = scaled(name)
    scope: dict[str, Any] = {}
    exec(module_text(net.graph).text, scope)
    module = scope["Net"]()
    plan = build_plan(net.graph)
    given, wanted = sample_data(net, plan.values[plan.inputs[0].value].shape)
    x, y = t.from_numpy(given), t.from_numpy(wanted if net.classes else wanted.astype(np.float32))
    if variant == "last" and x.ndim == 4:
        module = module.to(memory_format=t.channels_last)
        x = x.contiguous(memory_format=t.channels_last)
    loss = t.nn.functional.cross_entropy if net.classes else t.nn.functional.mse_loss
    if net.inference:
        module.eval()
        forward = t.compile(module) if variant == "compile" else module

        def infer() -> object:
            with t.inference_mode():
                return forward(x)

        return infer, 1
    text = OPTIMIZERS.make(net.optimizer).torch_text()
    if variant != "eager":
        text = text[:-1] + ", fused=True)"
    optimizer = eval(text, {"torch": t, "parameters": list(module.parameters())})

    def whole(x: Any, y: Any) -> Any:
        return loss(module(x), y)

    compute = t.compile(whole) if variant == "compile" else whole

    def step() -> object:
        optimizer.zero_grad(set_to_none=True)
        value = compute(x, y)
        value.backward()
        optimizer.step()
        return value

    return step, 1


def sgemm(threads: int) -> Step:
    """One product of 2.147 GFLOP."""
    import threadpoolctl

    threadpoolctl.threadpool_limits(threads)
    a = np.random.default_rng(0).random((1024, 1024)).astype(np.float32)
    out = np.empty_like(a)
    return lambda: np.matmul(a, a, out=out), 1


def make(contestant: str, name: str, threads: int) -> Step:
    """The step of a contestant."""
    if contestant.startswith("tape"):
        return tape(name, threads, 4 if contestant == "tape-fast" else 2)
    if contestant == "sgemm":
        return sgemm(threads)
    return torch(name, threads, contestant.partition("-")[2] or "eager")


def main(contestant: str, threads: int) -> None:
    """Answer until the input ends."""
    out, sys.stdout = sys.stdout, sys.stderr
    steps: dict[str, Step] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        name = asked["net"]
        try:
            started = time.perf_counter()
            if name not in steps:
                steps[name] = make(contestant, name, threads)
                steps[name][0]()
            first = time.perf_counter() - started
            before = _runs()
            times, used = _measure(*steps[name], asked["seconds"])
            answer = {"seconds": times, "processor": used, "first": first, "workers": dict(_runs() - before)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answer["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        out.write(json.dumps(answer) + "\n")
        out.flush()


def _runs() -> Counter[int]:
    return sum((taken() for taken in RUNS), Counter())


def _measure(call: Callable[[], object], count: int, seconds: float) -> tuple[list[float], float]:
    """(seconds a step of one call after another, processor seconds a step of all threads); short calls in blocks."""
    call()
    started = time.perf_counter()
    call()
    block = max(1, int(0.001 / max(time.perf_counter() - started, 1e-7)))
    found: list[float] = []
    until, used = time.perf_counter() + seconds, time.process_time()
    while time.perf_counter() < until or len(found) < 3:
        started = time.perf_counter()
        for _ in range(block):
            call()
        found.append((time.perf_counter() - started) / (block * count))
    return found, (time.process_time() - used) / (len(found) * block * count)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
