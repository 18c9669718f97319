"""What surrounds an optimizer's update in an exported PyTorch script: parameter groups, penalties, proximal L1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.graph import Project, TrainingSetup
from engine.layers import WeightInfo
from engine.optimizers import Optimizer
from engine.plan import build_plan

if TYPE_CHECKING:
    from engine.files.torch_text import TorchWriter


def trained_names(project: Project, writer: TorchWriter) -> list[tuple[str, WeightInfo]]:
    """(PyTorch's name, what it is) of every weight that is trained, each once."""
    names: dict[tuple[str, str], str] = {}
    for theirs, ours in writer.weights.items():
        names.setdefault(ours, theirs)
    weights = build_plan(project.graph).weights
    return [(names[w.node, w.name], w) for w in weights if w.trainable and (w.node, w.name) in names]


def penalty_text(weights: Sequence[tuple[str, WeightInfo]], setup: TrainingSetup) -> str:
    """``penalty(net)``: what the loss gets beside the data's share; "" where there is nothing."""
    terms: list[str] = []
    for name, w in weights:
        if w.l1 and setup.l1_step == "subgradient":
            terms.append(f"{w.l1!r} * net.{name}.abs().sum()")
        if w.l2:
            terms.append(f"{w.l2 / 2!r} * net.{name}.square().sum()")
    if not terms:
        return ""
    body = "    return (\n        " + "\n        + ".join(terms) + "\n    )"
    return f'def penalty(net):\n    """L1 and L2 of the weights that have a rate."""\n{body}'


def shrink_text(weights: Sequence[tuple[str, WeightInfo]], setup: TrainingSetup) -> str:
    """``shrink(net, rate)``: the proximal step of L1 after an update; "" where there is none."""
    if setup.l1_step != "proximal" or not any(w.l1 for _, w in weights):
        return ""
    lines = [
        "def shrink(net, rate):",
        '    """L1 by its proximal step: weights within rate * l1 of zero become zero."""',
        "    with torch.no_grad():",
        "        for w, l1 in [",
        *(f"            (net.{name}, {w.l1 * w.rate_factor!r})," for name, w in weights if w.l1),
        "        ]:",
        "            w.sub_(w.clamp(-rate * l1, rate * l1))",
    ]
    return "\n".join(lines)


def groups_text(weights: Sequence[tuple[str, WeightInfo]], setup: TrainingSetup, optimizer: Optimizer) -> str:
    """``groups(net)``: parameters whose rate or decay differs from the optimizer's, then the others; "" if none."""
    decays = not setup.decay_biases and bool(getattr(optimizer, "weight_decay", 0.0))
    key = "weight_decay" if optimizer.torch_text() else "decay"
    found: dict[str, list[str]] = {}
    for name, w in weights:
        special: dict[str, float] = {}
        if w.rate_factor != 1:
            special["lr"] = optimizer.rate * w.rate_factor
        if decays and len(w.shape) == 1:
            special[key] = 0.0
        if special:
            found.setdefault(_settings(special), []).append(f"net.{name}")
    if not found:
        return ""
    lines = [
        "def groups(net):",
        '    """Parameters with a learning rate or weight decay of their own, then the others."""',
        "    special = [",
        *(f'        {{"params": [{", ".join(names)}], {settings}}},' for settings, names in found.items()),
        "    ]",
        '    taken = {id(w) for group in special for w in group["params"]}',
        '    return [*special, {"params": [w for w in net.parameters() if id(w) not in taken]}]',
    ]
    return "\n".join(lines)


def _settings(special: Mapping[str, float]) -> str:
    return ", ".join(f'"{k}": {v!r}' for k, v in special.items())


def clip_lines(setup: TrainingSetup) -> list[str]:
    """Statements between backward and step."""
    found: list[str] = []
    if setup.clip_value is not None:
        found.append(f"torch.nn.utils.clip_grad_value_(net.parameters(), {setup.clip_value!r})")
    if setup.clip_norm is not None:
        found.append(f"torch.nn.utils.clip_grad_norm_(net.parameters(), {setup.clip_norm!r})")
    return found
