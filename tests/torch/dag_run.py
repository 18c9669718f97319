"""One random network trained five steps by us and by PyTorch from equal weights: outputs, gradients, weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Executable
from engine.backends.numpy import NumpyExecutable
from engine.files.torch_text import TorchExport, export_torch
from engine.graph import Project
from engine.layers import Step
from engine.losses import Loss
from engine.optimizers import OPTIMIZERS
from engine.plan import Plan, build_plan
from engine.primitives import Context
from engine.training.stepping import step_rules
from tests.torch.random_dags import draw_project

STEPS, BATCH = 5, 6
Arrays = dict[str, NDArray[Any]]


@dataclass
class Case:
    """A network with its data and its weights at the start."""

    project: Project
    plan: Plan
    x: Arrays
    y: Arrays
    start: dict[tuple[str, str], NDArray[Any]]


def make_case(seed: int, number: int, types: frozenset[str] = frozenset()) -> Case:
    """The ``number``-th network of a seed; ``types`` as in draw_project."""
    rng = np.random.default_rng([seed, number])
    while True:
        project = draw_project(rng, types)
        plan = build_plan(project.graph)
        x = {s.field: _input(plan.values[s.value], rng) for s in plan.inputs}
        y = {h.field: _target(h.loss, plan.values[h.prediction].shape, rng) for h in plan.heads}
        weights = NumpyExecutable(plan, OPTIMIZERS.make(project.training.optimizer), "float64", number).weights()
        start = {k: _single(v + 0.1 * rng.normal(size=v.shape)) for k, v in weights.items()}
        for s in plan.states:
            start[s.node, s.name] = _single(np.abs(start[s.node, s.name]) + 0.3)
        if any(w.trainable for w in plan.weights) or rng.random() < 0.02:
            return Case(project, plan, x, y, start)


def _single(a: NDArray[Any]) -> NDArray[Any]:
    return a.astype(np.float32).astype(np.float64)


def _input(ref: Any, rng: np.random.Generator) -> NDArray[Any]:
    shape = (STEPS * BATCH, *ref.shape)
    return rng.integers(0, 3, shape) if ref.dtype == "int" else _single(rng.normal(size=shape))


def _target(loss: Loss, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Whatever this loss takes."""
    whole = (STEPS * BATCH, *shape)
    if loss.target == "classes":
        return rng.integers(0, shape[0], (STEPS * BATCH, *shape[1:]))
    bits = rng.integers(0, 2, whole)
    tried = [bits.astype(float), 2.0 * bits - 1, _single(rng.normal(size=whole))]
    shares = rng.uniform(0.1, 1, whole).reshape(STEPS * BATCH, -1)
    tried.append((shares / shares.sum(1, keepdims=True)).reshape(whole))
    first = tried if loss.target == "binary" else tried[::-1]
    return next(t for t in first if not loss.check_target(shape, t))


# ours ---------------------------------------------------------------------------------------------------------------


def ours(case: Case, dtype: str, make: Callable[..., Executable] = NumpyExecutable) -> Arrays:
    """Gradients of the first step, weights after the last, and then the outputs in evaluation."""
    setup = case.project.training
    optimizer = OPTIMIZERS.make(setup.optimizer)
    executable = make(case.plan, optimizer, dtype, 0, rules=step_rules(setup, STEPS))
    executable.load_weights(case.start)  # type: ignore[arg-type]
    executable.bind(case.x, case.y)
    rows = np.arange(STEPS * BATCH).reshape(STEPS, BATCH)
    rates = np.full(STEPS, optimizer.rate)
    executable.train(rows[:1], rates[:1], 0, keep=True)
    last = executable.last()
    assert last is not None
    names = {w.value: f"d {w.node}/{w.name}" for w in case.plan.weights if w.trainable}
    found = {name: last.weight_grads[v] for v, name in names.items() if v in last.weight_grads}
    executable.train(rows[1:], rates[1:], 1)
    found |= {f"{node}/{name}": value for (node, name), value in executable.weights().items()}
    heads = [h.prediction for h in case.plan.heads]
    shown = executable.forward(case.x, heads)
    found |= {f"output {k}": shown[v] for k, v in enumerate(heads)}
    executable.close()
    return found


# theirs -------------------------------------------------------------------------------------------------------------


class _Chance:
    """Our dropout masks and noise for the module's, in the order in which both were written."""

    def __init__(self, module: Any, case: Case) -> None:
        import torch

        class Masked(torch.nn.Module):
            factors: Any = None

            def forward(self, x: Any) -> Any:
                return x * self.factors.to(x.dtype) if self.training else x

        self.case = case
        self.masked: list[Any] = []
        for name in [n for n, m in module.named_children() if type(m).__name__.startswith("Dropout")]:
            self.masked.append(Masked())
            setattr(module, name, self.masked[-1])

    def set(self, step: int) -> list[Any]:
        """The step's masks in place; its noises."""
        import torch

        ctx = Context(np, training=True, seed=0, step=step)

        def drawn(s: Step, fill: float) -> Any:
            shape = (BATCH, *self.case.plan.values[s.inputs[0]].shape)
            return torch.from_numpy(np.array(s.primitive.forward(ctx, np.full(shape, fill))[0]))

        steps = [self.case.plan.steps[k] for k in range(len(self.case.plan.steps))]
        for module, s in zip(self.masked, [s for s in steps if s.primitive.id == "dropout"], strict=True):
            module.factors = drawn(s, 1.0)
        noisy = [s for s in steps if s.primitive.id == "gaussian_noise"]
        return [drawn(s, 0.0) / (getattr(s.primitive, "deviation", 1.0) or 1.0) for s in noisy]


def theirs(case: Case, dtype: str, jitter: NDArray[Any] | None = None) -> Arrays:
    """The same by the exported script, its module and its functions; ``jitter`` seeds changes of the last bit."""
    import torch

    export = export_torch(case.project)
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(export.text, "<exported>", "exec"), space)
    kind = getattr(torch, dtype)
    net = space["Net"]().to(kind)
    rng = np.random.default_rng(jitter)
    unit = float(np.finfo(dtype).eps) / 2

    def given(a: NDArray[Any]) -> Any:
        if a.dtype.kind != "f":
            return torch.from_numpy(a)
        moved = a if jitter is None else a * (1 + unit * rng.choice([-1, 1], a.shape))
        return torch.from_numpy(np.array(moved)).to(kind)

    state = net.state_dict()
    with torch.no_grad():
        for name, key in export.weights.items():
            state[name].copy_(given(case.start[key]))
    # NAdam keeps the product of its momenta in the default type, whatever that of the weights is.
    before = torch.get_default_dtype()
    torch.set_default_dtype(kind)
    try:
        return _train(case, export, space, net, given)
    finally:
        torch.set_default_dtype(before)


def _straighten(module: Any, given: Any, out: Any) -> None:
    """Gradients in one piece: PyTorch 2.13's BatchNorm2d takes those that a permute hands back for others where an axis
    is 1, and is wrong by far; differences of its own loss say so."""
    import torch

    if out.requires_grad:
        out.register_hook(lambda g: g.clone(memory_format=torch.contiguous_format))


def _whole_softplus() -> Any:
    """Softplus to the last digit: from x = 20 on PyTorch takes x itself, 2e-9 too little."""
    import torch

    given = torch.nn.functional.softplus
    return patch.object(torch.nn.functional, "softplus", lambda x, beta=1.0, threshold=20.0: given(x, beta, 60.0))


def _train(case: Case, export: TorchExport, space: dict[str, Any], net: Any, given: Callable[..., Any]) -> Arrays:
    import torch

    from engine.files.torch_optimizers import optimizer_text
    from engine.files.torch_step import clip_lines

    setup = case.project.training
    _, made = optimizer_text(OPTIMIZERS.make(setup.optimizer))
    if "groups" in space:
        made = made.replace("(net.parameters()", "(groups(net)", 1)
    trained = [p for p in net.parameters() if p.requires_grad]
    optimizer = eval(made, {**space, "net": net}) if trained else None
    x, y = [given(case.x[s.field]) for s in case.plan.inputs], [given(case.y[h.field]) for h in case.plan.heads]
    chance, found = _Chance(net, case), dict[str, Any]()
    for module in net.children():
        module.register_forward_hook(_straighten)
    for k in range(STEPS):
        rows = slice(k * BATCH, (k + 1) * BATCH)
        noises = chance.set(k)
        net.train().zero_grad()
        noise = patch.object(torch, "randn_like", lambda like, left=noises: left.pop(0).to(like.dtype))
        with noise, _whole_softplus():
            loss = space["loss_of"](net(*[v[rows] for v in x]), *[v[rows] for v in y])
        if loss.requires_grad:
            loss.backward()
        if k == 0:
            found |= {
                f"d {'/'.join(export.weights[n])}": p.grad.clone()
                for n, p in net.named_parameters() if n in export.weights and p.grad is not None and p.requires_grad
            }  # fmt: skip
        if "penalty" in space:
            space["penalty"](net).backward()
        for line in clip_lines(setup) if trained else ():
            eval(line, {"torch": torch, "net": net})
        if optimizer is not None:
            optimizer.step()
    with torch.no_grad(), _whole_softplus():
        out = net.eval()(*x)
    found |= {"/".join(key): net.state_dict()[name] for name, key in export.weights.items()}
    found |= {f"output {k}": v for k, v in enumerate(out if isinstance(out, tuple) else (out,))}
    return {k: v.detach().double().numpy() for k, v in found.items()}
