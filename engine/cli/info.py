"""``info``: the layers with their figures. ``check``: what is wrong, as text."""

from __future__ import annotations

from argparse import Namespace

from engine.analysis import Problem, infer
from engine.cli.loading import data_of, load
from engine.cli.text import plain, table
from engine.declare import Spec
from engine.graph import Project, TrainingSetup
from engine.layers import LAYERS


def info(options: Namespace) -> int:
    """Print the table of layers and the totals."""
    file = load(options.file)
    project = file.project
    analysis = infer(project.graph)
    rows = []
    for node_id in project.graph.order:
        node, known = project.graph.nodes[node_id], analysis.nodes[node_id]
        title = LAYERS[node.type].title if node.type in LAYERS else f"{node.type} (unknown)"
        marks = [word for word, on in (("frozen", node.frozen), ("muted", node.muted)) if on]
        owner = project.graph.nodes.get(node.shares or "")
        if owner is not None:
            marks.append(f"weights of {owner.name}")
        shape = known.output.text() if known.output else "unknown"
        name = " ".join([node.name or node.id, *(f"[{m}]" for m in marks)])
        rows.append((name, title, shape, f"{known.parameters:,}", f"{known.macs:,}"))
    print(plain(project.title) or options.file)
    print(table(("name", "type", "output", "parameters", "multiply-adds"), rows, right=(3, 4)))
    trainable = sum(n.trainable for n in analysis.nodes.values())
    print(f"\nparameters: {analysis.parameters:,}, of which {trainable:,} are trained")
    print(f"multiply-adds of one sample: {analysis.macs:,}")
    for line in _setup(project):
        print(line)
    if file.weights is not None:
        print(f"weights: stored{', with the state to resume from' if file.resume else ''}")
    if analysis.problems:
        print(f"problems: {len(analysis.problems)}; `gradloom check` lists them")
    return 0


def _setup(project: Project) -> list[str]:
    t, d = project.training, project.data
    return [
        f"data: {_spec(d.source)}",
        f"training: {_spec(t.optimizer)}, batch {t.batch_size}, {t.epochs} epochs, seed {t.seed}",
        *_update(t),
    ]


def _update(t: TrainingSetup) -> list[str]:
    """What stands around the optimizer, where anything does."""
    said = (
        (f"gradients clipped at {t.clip_value}", t.clip_value is not None),
        (f"their norm at {t.clip_norm}", t.clip_norm is not None),
        (f"{t.accumulate} batches an update", t.accumulate > 1),
        (f"weights averaged with memory {t.ema_decay}", t.ema_decay is not None),
        ("no weight decay on biases", not t.decay_biases),
    )
    found = [text for text, wanted in said if wanted]
    return [f"update: {', '.join(found)}"] if found else []


def _spec(spec: Spec) -> str:
    given = ", ".join(f"{k} {v.type if isinstance(v, Spec) else v}" for k, v in spec.params.items())
    return plain(f"{spec.type} ({given})" if given else spec.type)


def check(options: Namespace) -> int:
    """Print the problems; 1 if one of them keeps the network from running."""
    project = load(options.file).project
    analysis = infer(project.graph)
    found = 0
    for problem in analysis.problems:
        print(_line(problem))
        found += problem.severity == "error"
    if not project.graph.nodes:
        print("error: the drawing is empty")
        found += 1
    data = _data_problem(project, options.file) if not found else ""
    if data:
        print(f"error: {data}")
        found += 1
    if not found:
        warnings = len(analysis.problems)
        print(f"no errors{f', {warnings} warnings' if warnings else ''}")
    return 1 if found else 0


def _line(problem: Problem) -> str:
    both = [f"expected {problem.expected}" if problem.expected else "", f"got {problem.got}" if problem.got else ""]
    told = ", ".join(part for part in both if part)
    fixes = "; ".join(f.label for f in problem.fixes)
    text = f"{problem.severity}: {problem.text}" + (f" ({told})" if told else "")
    return plain(f"{text}; possible: {fixes}" if fixes else text)


def _data_problem(project: Project, path: str) -> str:
    """Why the data cannot be had, or does not fit the drawing; "" if it does."""
    from engine.data import DataError
    from engine.plan import build_plan
    from engine.training.targets import InputError, TargetError, check_inputs, encode_split

    try:
        dataset = data_of(project, path)
        plan = build_plan(project.graph)
        check_inputs(plan, dataset)
        encode_split(plan, dataset, dataset.train)
    except (DataError, InputError, TargetError) as e:
        return plain(" ".join(str(e).split()))
    return ""
