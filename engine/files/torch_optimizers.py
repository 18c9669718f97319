"""PyTorch's form of each optimizer and schedule: a table, since torch.optim takes them by other names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.optimizers import Optimizer
from engine.schedules import Schedule


class TorchExportError(ValueError):
    """A part of the training set-up has no PyTorch form; says which and what to choose instead."""


def optimizer_text(optimizer: Optimizer) -> tuple[str, str]:
    """(class that must be written out or "", expression that makes it for the parameters ``net.parameters()``)."""
    made = _OPTIMIZERS.get(optimizer.id)
    if made is None:
        known = ", ".join(sorted(_OPTIMIZERS))
        raise TorchExportError(f"the optimizer {optimizer.title} has no PyTorch form; choose one of {known}")
    return made(optimizer)


def schedule_text(schedule: Schedule) -> str:
    """The body of ``factor(step)``, which gives the factor on the learning rate; uses steps_per_epoch, total_steps."""
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


def _call(name: str, **given: Any) -> tuple[str, str]:
    return "", f"torch.optim.{name}(net.parameters(), " + ", ".join(f"{k}={v!r}" for k, v in given.items()) + ")"


def _own(name: str, text: str, **given: Any) -> tuple[str, str]:
    return text.strip("\n"), f"{name}(net.parameters(), dict(" + ", ".join(
        f"{k}={v!r}" for k, v in given.items()
    ) + "))"


def _decay(o: Any) -> dict[str, Any]:
    return {"weight_decay": o.weight_decay} if getattr(o, "weight_decay", 0.0) else {}


def _adam(o: Any, **more: Any) -> dict[str, Any]:
    given = {"lr": o.rate, "betas": (o.beta1, o.beta2), "eps": o.epsilon}
    if getattr(o, "amsgrad", False):
        given["amsgrad"] = True
    return {**given, **more, **_decay(o)}


_OPTIMIZERS: dict[str, Callable[[Any], tuple[str, str]]] = {
    "sgd": lambda o: _call("SGD", lr=o.rate, **_decay(o)),
    "momentum": lambda o: _call("SGD", lr=o.rate, momentum=o.momentum, **_decay(o)),
    "nesterov": lambda o: _call("SGD", lr=o.rate, momentum=o.momentum, nesterov=True, **_decay(o)),
    "adagrad": lambda o: _call(
        "Adagrad", lr=o.rate, lr_decay=o.rate_fall, initial_accumulator_value=o.start, eps=o.epsilon, **_decay(o)
    ),
    "rmsprop": lambda o: _call(
        "RMSprop", lr=o.rate, alpha=o.alpha, eps=o.epsilon, momentum=o.momentum, centered=o.centered, **_decay(o)
    ),
    "adam": lambda o: _call("Adam", **_adam(o)),
    "adamw": lambda o: _call("AdamW", **{**_adam(o), "weight_decay": o.weight_decay}),
    "adamax": lambda o: _call("Adamax", **_adam(o)),
    "nadam": lambda o: _call(
        "NAdam", **_adam(o, momentum_decay=o.momentum_fall, decoupled_weight_decay=getattr(o, "decoupled", False))
    ),
    "radam": lambda o: _call("RAdam", **_adam(o, decoupled_weight_decay=getattr(o, "decoupled", False))),
    "lion": lambda o: _own("Lion", _LION, lr=o.rate, beta1=o.beta1, beta2=o.beta2, decay=o.weight_decay),
    "adabelief": lambda o: _own(
        "AdaBelief", _ADABELIEF, lr=o.rate, beta1=o.beta1, beta2=o.beta2, eps=o.epsilon,
        decay=getattr(o, "weight_decay", 0.0), decoupled=o.decoupled,
    ),
    "adabound": lambda o: _own(
        "AdaBound", _ADABOUND, lr=o.rate, base=o.rate, beta1=o.beta1, beta2=o.beta2, eps=o.epsilon,
        final=o.final_rate, gamma=o.gamma, decay=getattr(o, "weight_decay", 0.0),
    ),
}  # fmt: skip

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
