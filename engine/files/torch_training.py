"""The training script below an exported PyTorch module: loss, optimizer, schedule, penalties, batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.files.names import quoted
from engine.files.torch_optimizers import optimizer_text, schedule_text
from engine.files.torch_step import clip_lines, groups_text, penalty_text, shrink_text, trained_names
from engine.files.walk import Ending
from engine.graph import Project, TrainingSetup
from engine.optimizers import OPTIMIZERS
from engine.schedules import SCHEDULES

if TYPE_CHECKING:
    from engine.files.torch_text import TorchWriter


def training_script(project: Project, writer: TorchWriter, endings: Sequence[Ending]) -> str:
    """Functions ``loss_of``, ``penalty`` and others where they are needed, ``train``, and the main part."""
    setup = project.training
    made = OPTIMIZERS.make(setup.optimizer)
    own, optimizer = optimizer_text(made)
    schedule = SCHEDULES.make(setup.schedule)
    scheduled = schedule.id != "constant" or schedule.warm_up > 0
    weights = trained_names(project, writer)
    groups, penalty = groups_text(weights, setup, made), penalty_text(weights, setup)
    shrink = shrink_text(weights, setup)
    if groups:
        optimizer = optimizer.replace("(net.parameters()", "(groups(net)", 1)
    parts = [
        *([own] if own else []),
        _loss(endings),
        *(text for text in (groups, penalty, shrink) if text),
        *([_factor(schedule_text(schedule))] if scheduled else []),
        _train(setup, optimizer, penalised=bool(penalty), shrunk=bool(shrink), scheduled=scheduled),
        _main(writer, endings),
    ]
    return "\n\n\n".join(parts)


def _loss(endings: Sequence[Ending]) -> str:
    if len(endings) == 1:
        lines = ["def loss_of(y, t):", f"    return {_weighted(endings[0])}"]
        return "\n".join(lines)
    lines = ["def loss_of(outputs, *targets):", "    total = 0.0"]
    for k, ending in enumerate(endings):
        lines += [f"    y, t = outputs[{k}], targets[{k}]", f"    total = total + {_weighted(ending)}"]
    return "\n".join([*lines, "    return total"])


def _weighted(ending: Ending) -> str:
    text = ending.loss.torch_text()
    return text if ending.weight == 1.0 else f"{ending.weight!r} * ({text})"


def _factor(body: str) -> str:
    inner = "\n".join(f"    {line}" for line in body.split("\n"))
    return f'def factor(step, steps_per_epoch, total_steps):\n    """The factor on the learning rate."""\n{inner}'


def _train(setup: TrainingSetup, optimizer: str, *, penalised: bool, shrunk: bool, scheduled: bool) -> str:
    double = ".double()" if setup.dtype == "float64" else ""
    averaged = setup.ema_decay is not None and setup.ema_evaluate
    size = f"(batch * {setup.accumulate})" if setup.accumulate > 1 else "batch"
    lines = [
        f"def train(inputs, targets, epochs={setup.epochs}, batch={setup.batch_size}, weights=None):",
        f"    torch.manual_seed({setup.seed})",
        f"    net = Net(){double}",
        "    if weights:",
        "        net.load_weights(weights)",
        *_wrapped("    optimizer = ", optimizer),
    ]
    if averaged:
        mean = f"torch.optim.swa_utils.get_ema_multi_avg_fn({setup.ema_decay!r})"
        lines += _wrapped("    mean = ", f"torch.optim.swa_utils.AveragedModel(net, multi_avg_fn={mean})")
    if scheduled:
        lines += [
            f"    per_epoch = -(-len(targets[0]) // {size})",
            "    schedule = torch.optim.lr_scheduler.LambdaLR(",
            "        optimizer, lambda step: factor(step, per_epoch, epochs * per_epoch)",
            "    )",
        ]
    lines += [
        "    for epoch in range(epochs):",
        "        net.train()",
        "        total = 0.0",
        *(f"        {line}" for line in _update(setup, penalised)),
        "            optimizer.step()",
        *(['            shrink(net, optimizer.param_groups[-1]["lr"])'] if shrunk else []),
        *(["            mean.update_parameters(net)"] if averaged else []),
        *(["            schedule.step()"] if scheduled else []),
        '        print(f"epoch {epoch + 1}: loss {total / len(targets[0]):.4f}")',
        f"    return {'mean.module' if averaged else 'net'}.eval()",
    ]
    return "\n".join(lines)


def _update(setup: TrainingSetup, penalised: bool) -> list[str]:
    """The loop over batches up to the gradient that the optimizer takes."""
    order = "torch.randperm(len(targets[0]))" if setup.shuffle else "torch.arange(len(targets[0]))"
    loss = "loss = loss_of(net(*[x[rows] for x in inputs]), *[t[rows] for t in targets])"
    if setup.accumulate == 1:
        lines = [
            f"for rows in {order}.split(batch):",
            f"    {loss}",
            "    optimizer.zero_grad()",
            f"    {'(loss + penalty(net))' if penalised else 'loss'}.backward()",
            "    total += loss.item() * len(rows)",
        ]
    else:
        lines = [
            f"for group in {order}.split(batch * {setup.accumulate}):",
            "    optimizer.zero_grad()",
            "    for rows in group.split(batch):",
            f"        {loss}",
            "        (loss * len(rows) / len(group)).backward()",
            "        total += loss.item() * len(rows)",
            *(["    penalty(net).backward()"] if penalised else []),
        ]
    return [*lines, *(f"    {line}" for line in clip_lines(setup))]


def _wrapped(head: str, call: str) -> list[str]:
    """One line, or a call whose arguments stand on a line of their own."""
    if len(head) + len(call) <= 116:
        return [head + call]
    name, _, rest = call.partition("(")
    return [f"{head}{name}(", f"        {rest.removesuffix(')')}", "    )"]


def _main(writer: TorchWriter, endings: Sequence[Ending]) -> str:
    inputs = [f"torch.from_numpy(data[{quoted(name)}]){_cast(writer, v)}" for v, name in writer.arguments.items()]
    targets = [_target(e, writer.floats) for e in endings]
    lines = [
        'if __name__ == "__main__":',
        "    # python THIS_FILE data.npz [weights.safetensors]: trains on the arrays of the file",
        "    with np.load(sys.argv[1], allow_pickle=False) as data:",
        f"        inputs = [{', '.join(inputs)}]",
        f"        targets = [{', '.join(targets)}]",
        "    train(inputs, targets, weights=sys.argv[2] if len(sys.argv) > 2 else None)",
    ]
    return "\n".join(lines)


def _cast(writer: TorchWriter, value: str) -> str:
    return ".long()" if value in writer.whole else writer.floats


def _target(ending: Ending, floats: str) -> str:
    raw = f"torch.from_numpy(data[{quoted(ending.field)}])"
    if ending.loss.target == "classes":
        return f"{raw}.long()"
    return f"{raw}{floats}.reshape(-1, {', '.join(map(str, ending.shape))})"
