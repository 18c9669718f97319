"""On a GPU: every layer and W1-W10 train as the reference does, and how long a step takes beside PyTorch eager.

Needs an NVIDIA GPU with its driver and CuPy (the extras cuda12 or cuda13), and for the times a PyTorch with CUDA;
what is not there is skipped with the reason, and no figure stands for it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any
from unittest import SkipTest

import numpy as np

from engine.backends import cupy
from engine.backends.cupy import CupyExecutable
from engine.backends.numpy import NumpyExecutable
from engine.layers import LAYERS
from engine.optimizers import OPTIMIZERS
from engine.plan import Plan, build_plan
from engine.primitives import Context
from tests.benchmarks.nets import NETS, Net
from tests.benchmarks.worker import sample_data
from tests.engine.backends.twins import distance
from tests.engine.run_program import layer_net, random_inputs

#: most times PyTorch's, by net; the others are printed only
BARS = {"W1": 1.0, "W2": 1.0, "W3": 1.0, "W4": 1.0, "W5": 1.5, "W6": 1.5, "W7": 1.5}
STEPS = 10
Call = Callable[[], object]


def run(seed: int, count: int | None) -> bool:
    """``count``: rounds of timing a net, 15 by default."""
    if reason := cupy.missing():
        raise SkipTest(reason)
    held = _layers(seed)
    print("\nnetwork  trained by         float64 off (<= 1e-10)  float32 off (asked)")
    for name, net in NETS.items():
        held = _parity(name, net) and held
    return _times(count or 15) and held


def _layers(seed: int) -> bool:
    """Forward and gradients of every sample of every layer, in float64."""
    import cupy as xp

    cases, bad = 0, []
    for cls in LAYERS.classes():
        for k, sample in enumerate(cls.samples if cls.inputs else ()):
            rng = np.random.default_rng(seed)
            near = layer_net(cls(**sample.params), sample.inputs, rng)
            x = random_inputs(near, rng, 3)
            far = layer_net(cls(**sample.params), sample.inputs, np.random.default_rng(seed))
            far.stored = {key: xp.asarray(v) for key, v in near.stored.items()}
            here, there = Context(np, training=True, seed=5), Context(xp, training=True, seed=5)
            wanted, found = near.forward(here, *x), far.forward(there, *(xp.asarray(v) for v in x))
            grad = rng.normal(size=wanted.shape)
            pairs = [(wanted, found)]
            back, forth = near.backward(here, grad), far.backward(there, xp.asarray(grad))
            pairs += [(v, forth[key]) for key, v in back.items()]
            cases += 1
            if any(distance(xp.asnumpy(b), a) > 1e-10 for a, b in pairs):
                bad.append(f"{cls.id}-{k}")
    print(f"layers: {cases - len(bad)} of {cases} samples within 1e-10 of the reference {' '.join(bad)}")
    return not bad


def _trained(kind: Any, net: Net, plan: Plan, dtype: Any) -> tuple[Any, dict[Any, Any], dict[Any, Any]]:
    """The executable, its weights at the start and after the steps."""
    made = kind(plan, OPTIMIZERS.make(net.optimizer), dtype, 0)
    x, y = sample_data(net, plan.values[plan.inputs[0].value].shape)
    made.bind({"x": x}, {"y": y})
    start = made.weights()
    rows = np.tile(np.arange(net.batch), (STEPS, 1))
    made.train(rows, np.full(STEPS, made.optimizer.rate), 0)
    return made, start, made.weights()


def _off(found: dict[Any, Any], wanted: dict[Any, Any], start: dict[Any, Any], skip: set[Any]) -> float:
    """The farthest tensor, as DESIGN section 5 measures."""
    return max(distance(found[k].astype(float), v.astype(float), start[k]) for k, v in wanted.items() if k not in skip)


def _parity(name: str, net: Net) -> bool:
    """Ten steps from equal weights; float32 within 1e-5, or three times what the reference's own float32 is off."""
    plan = build_plan(net.graph)
    _, start, exact = _trained(NumpyExecutable, net, plan, "float64")
    _, _, rough = _trained(NumpyExecutable, net, plan, "float32")
    nodes = {w.node for w in plan.weights if w.name.endswith("bn.beta")}
    idle = {(w.node, w.name) for w in plan.weights if w.name == "bias" and w.node in nodes}  # exact gradient 0
    idle |= {(w.node, w.name) for w in plan.weights if "key" in w.name and "bias" in w.name}
    far64, far32 = (_trained(CupyExecutable, net, plan, kind) for kind in ("float64", "float32"))
    double, single = (_off(far[2], exact, start, idle) for far in (far64, far32))
    bar = max(1e-5, 3 * _off(rough, exact, start, idle))
    held = double <= 1e-10 and single <= bar
    by = "one kernel" if far32[0].one_launch(net.batch) else "primitives"
    verdict = "held" if held else "FAILED"
    print(f"{name:8} {by:18} {double:12.1e} {'':10} {single:10.1e} ({bar:.1e}) {verdict}", flush=True)
    for made, _, _ in (far64, far32):
        made.close()
    return held


def _times(rounds: int) -> bool:
    """Medians of seconds a step, ours and PyTorch's by turns; inference is no training and is left out."""
    try:
        import torch
    except ImportError:
        print("\ntimes skipped: PyTorch is not installed")
        return True
    if not torch.cuda.is_available():
        print("\ntimes skipped: this PyTorch sees no GPU")
        return True
    held = True
    print("\nnetwork   ours us   PyTorch eager us   ratio   (asked)")
    for name, net in NETS.items():
        if net.inference:
            continue
        ours, theirs = _our_steps(net), _torch_steps(net, torch)
        pairs = [(_seconds(*ours), _seconds(*theirs)) for _ in range(rounds)]
        a, b = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(one / other for one, other in pairs)
        bar = BARS.get(name)
        held = held and (bar is None or ratio <= bar)
        print(f"{name:8} {1e6 * a:9.1f} {1e6 * b:18.1f} {ratio:7.2f}   {f'<= {bar}' if bar else 'no bar'}", flush=True)
    return held


def _seconds(call: Call, steps: int) -> float:
    """Of one step; the call waits for the device at its end."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) / steps


def _our_steps(net: Net) -> tuple[Call, int]:
    """A chunk, whose figures are read at its end."""
    plan, steps = build_plan(net.graph), 100
    made, _, _ = _trained(CupyExecutable, net, plan, "float32")
    rows, rates = np.tile(np.arange(net.batch), (steps, 1)), np.full(steps, made.optimizer.rate)
    made.train(rows, rates, STEPS)
    return (lambda: made.train(rows, rates, STEPS)), steps


def _torch_steps(net: Net, torch: Any) -> tuple[Call, int]:
    """As many steps of the exporter's module on the device; one wait at the end, in full float32."""
    from engine.files.torch_text import module_text

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    plan, steps = build_plan(net.graph), 100
    scope: dict[str, Any] = {}
    exec(module_text(net.graph).text, scope)
    module = scope["Net"]().cuda()
    given, wanted = sample_data(net, plan.values[plan.inputs[0].value].shape)
    x = torch.from_numpy(given).cuda()
    y = torch.from_numpy(wanted if net.classes else wanted.astype(np.float32)).cuda()
    loss = torch.nn.functional.cross_entropy if net.classes else torch.nn.functional.mse_loss
    text = OPTIMIZERS.make(net.optimizer).torch_text()
    optimizer = eval(text, {"torch": torch, "parameters": list(module.parameters())})

    def train() -> None:
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            loss(module(x), y).backward()
            optimizer.step()
        torch.cuda.synchronize()

    train()
    return train, steps
