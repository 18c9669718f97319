"""PyTorch's form of optimizers that torch.optim lacks, written out in the exported file; and of schedules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.optimizers import Optimizer
from engine.schedules import Schedule


class TorchExportError(ValueError):
    """A part of the training set-up has no PyTorch form; says which and what to choose instead."""


def optimizer_text(optimizer: Optimizer) -> tuple[str, str]:
    """(class that must be written out or "", expression that makes it for ``net``)."""
    known = optimizer.torch_text()
    if known:
        return "", known.replace("(parameters", "(net.parameters()", 1)
    own = _OWN.get(optimizer.id)
    if own is None:
        raise TorchExportError(f"the optimizer {optimizer.title} has no PyTorch form; choose another one, e.g. Adam")
    text, name, settings = own
    given = ", ".join(f"{k}={v!r}" for k, v in settings(optimizer).items())
    return text.strip("\n"), f"{name}(net.parameters(), dict({given}))"


def schedule_text(schedule: Schedule) -> str:
    """The body of ``factor(step, steps_per_epoch, total_steps)``, which gives the factor on the learning rate."""
    proper = schedule.proper_text()
    if not schedule.warm_up:
        return f"return {proper}"
    lines = [
        f"if step < {schedule.warm_up}:",
        f"    return (step + 1) / {schedule.warm_up}",
        f"step, total_steps = step - {schedule.warm_up}, max(total_steps - {schedule.warm_up}, 1)",
        f"return {proper}",
    ]
    return "\n".join(lines)


_LION = '''
class Lion(torch.optim.Optimizer):
    """Only the sign of the momentum (Chen et al. 2023)."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in (p for p in group["params"] if p.grad is not None):
                mean = self.state[w].setdefault("mean", torch.zeros_like(w))
                direction = (group["beta1"] * mean + (1 - group["beta1"]) * w.grad).sign()
                mean.mul_(group["beta2"]).add_(w.grad, alpha=1 - group["beta2"])
                w.mul_(1 - group["lr"] * group["decay"]).sub_(group["lr"] * direction)
'''

_ADABELIEF = '''
class AdaBelief(torch.optim.Optimizer):
    """Large steps where gradients come as expected (Zhuang et al. 2020)."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in (p for p in group["params"] if p.grad is not None):
                g, state = w.grad, self.state[w]
                if group["decay"] and group["decoupled"]:
                    w.mul_(1 - group["lr"] * group["decay"])
                elif group["decay"]:
                    g = g + group["decay"] * w
                state["step"] = state.get("step", 0) + 1
                mean = state.setdefault("mean", torch.zeros_like(w))
                surprise = state.setdefault("surprise", torch.zeros_like(w))
                mean.mul_(group["beta1"]).add_(g, alpha=1 - group["beta1"])
                surprise.mul_(group["beta2"]).add_((g - mean) ** 2, alpha=1 - group["beta2"]).add_(group["eps"])
                root = (1 - group["beta2"] ** state["step"]) ** 0.5
                pace = group["lr"] / (1 - group["beta1"] ** state["step"])
                w.sub_(pace * mean / (surprise.sqrt() / root + group["eps"]))
'''

_ADABOUND = '''
class AdaBound(torch.optim.Optimizer):
    """Adam that turns into gradient descent (Luo et al. 2019)."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in (p for p in group["params"] if p.grad is not None):
                g, state = w.grad + group["decay"] * w, self.state[w]
                k = state["step"] = state.get("step", 0) + 1
                mean = state.setdefault("mean", torch.zeros_like(w))
                square = state.setdefault("square", torch.zeros_like(w))
                mean.mul_(group["beta1"]).add_(g, alpha=1 - group["beta1"])
                square.mul_(group["beta2"]).add_(g * g, alpha=1 - group["beta2"])
                final = group["final"] * group["lr"] / group["base"]
                low, high = final * (1 - 1 / (group["gamma"] * k + 1)), final * (1 + 1 / (group["gamma"] * k))
                pace = group["lr"] * (1 - group["beta2"] ** k) ** 0.5 / (1 - group["beta1"] ** k)
                w.sub_((pace / (square.sqrt() + group["eps"])).clamp(low, high) * mean)
'''


def _lion(o: Any) -> dict[str, Any]:
    return {"lr": o.rate, "beta1": o.beta1, "beta2": o.beta2, "decay": o.weight_decay}


def _adabelief(o: Any) -> dict[str, Any]:
    return {**_lion(o), "eps": o.epsilon, "decoupled": o.decoupled}


def _adabound(o: Any) -> dict[str, Any]:
    return {**_lion(o), "eps": o.epsilon, "base": o.rate, "final": o.final_rate, "gamma": o.gamma}


_OWN: dict[str, tuple[str, str, Callable[[Any], dict[str, Any]]]] = {
    "lion": (_LION, "Lion", _lion),
    "adabelief": (_ADABELIEF, "AdaBelief", _adabelief),
    "adabound": (_ADABOUND, "AdaBound", _adabound),
}
