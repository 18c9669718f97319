"""The training script below an exported PyTorch module: loss, optimizer, schedule, penalties, batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.files.names import quoted
from engine.files.torch_optimizers import optimizer_text, schedule_text
from engine.files.walk import Ending
from engine.graph import Project
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from engine.schedules import SCHEDULES

if TYPE_CHECKING:
    from engine.files.torch_text import TorchWriter


def training_script(project: Project, writer: TorchWriter, endings: Sequence[Ending]) -> str:
    """Functions ``loss_of``, ``penalty`` and ``factor`` where they are needed, ``train``, and the main part."""
    setup = project.training
    own, optimizer = optimizer_text(OPTIMIZERS.make(setup.optimizer))
    schedule = SCHEDULES.make(setup.schedule)
    scheduled = schedule.id != "constant" or schedule.warm_up > 0
    penalty = _penalty(project, writer)
    parts = [
        *([own] if own else []),
        _loss(endings),
        *([penalty] if penalty else []),
        *([_factor(schedule_text(schedule))] if scheduled else []),
        _train(project, optimizer, bool(penalty), scheduled),
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


def _penalty(project: Project, writer: TorchWriter) -> str:
    names = {ours: theirs for theirs, ours in writer.weights.items()}
    terms: list[str] = []
    for w in build_plan(project.graph).weights:
        name = names.get((w.node, w.name))
        if name is None or not w.trainable:
            continue
        if w.l1:
            terms.append(f"{w.l1!r} * net.{name}.abs().sum()")
        if w.l2:
            terms.append(f"{w.l2 / 2!r} * net.{name}.square().sum()")
    if not terms:
        return ""
    body = "    return (\n        " + "\n        + ".join(terms) + "\n    )"
    return f'def penalty(net):\n    """L1 and L2 of the weights that have a rate."""\n{body}'


def _factor(body: str) -> str:
    inner = "\n".join(f"    {line}" for line in body.split("\n"))
    return f'def factor(step, steps_per_epoch, total_steps):\n    """The factor on the learning rate."""\n{inner}'


def _train(project: Project, optimizer: str, penalised: bool, scheduled: bool) -> str:
    setup = project.training
    order = "torch.randperm(len(targets[0]))" if setup.shuffle else "torch.arange(len(targets[0]))"
    double = ".double()" if setup.dtype == "float64" else ""
    lines = [
        f"def train(inputs, targets, epochs={setup.epochs}, batch={setup.batch_size}, weights=None):",
        f"    torch.manual_seed({setup.seed})",
        f"    net = Net(){double}",
        "    if weights:",
        "        net.load_weights(weights)",
        *_wrapped("    optimizer = ", optimizer),
    ]
    if scheduled:
        lines += [
            "    per_epoch = -(-len(targets[0]) // batch)",
            "    schedule = torch.optim.lr_scheduler.LambdaLR(",
            "        optimizer, lambda step: factor(step, per_epoch, epochs * per_epoch)",
            "    )",
        ]
    lines += [
        "    for epoch in range(epochs):",
        "        net.train()",
        "        total = 0.0",
        f"        for rows in {order}.split(batch):",
        "            loss = loss_of(net(*[x[rows] for x in inputs]), *[t[rows] for t in targets])",
        "            optimizer.zero_grad()",
        f"            {'(loss + penalty(net))' if penalised else 'loss'}.backward()",
        "            optimizer.step()",
        *(["            schedule.step()"] if scheduled else []),
        "            total += loss.item() * len(rows)",
        '        print(f"epoch {epoch + 1}: loss {total / len(targets[0]):.4f}")',
        "    return net.eval()",
    ]
    return "\n".join(lines)


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
