"""Projects to try files with: some by hand, many drawn by hypothesis."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from engine.declare import Declared, Param, ParamError, Spec
from engine.files.values import REGISTRIES
from engine.graph import DataSetup, Edge, Graph, Node, Project, TrainingSetup
from engine.layers import LAYERS


def small_project() -> Project:
    """Input, hidden layer, softmax head."""
    nodes = [
        Node("in", "input", "points", {"size": (3,)}),
        Node("h", "dense", "hidden 1", {"units": 4, "activation": Spec("leaky_relu", {"slope": 0.2}), "l2": 0.01}),
        Node("s", "dense", "scores", {"units": 3, "activation": Spec("softmax")}, frozen=True),
        Node("out", "output", "class", {"loss": Spec("softmax_cross_entropy")}),
    ]
    edges = tuple(Edge(a.id, b.id) for a, b in pairwise(nodes))
    layout = {"positions": {n.id: [24 * k, 48] for k, n in enumerate(nodes)}}
    return Project(
        Graph({n.id: n for n in nodes}, edges), layout=layout, notes={"t1": {"text": "노트 é"}}, title="Small"
    )


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
FLOATS = st.floats(-1e6, 1e6, allow_nan=False).map(float)


def value(param: Param, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a declared parameter takes."""
    low = param.low if param.low is not None else -1e6
    high = param.high if param.high is not None else low + 1e6
    whole = st.integers(int(low), int(min(high, 2**40)))
    broken = st.floats(low, high, allow_nan=False, exclude_min=param.low_open).map(float)
    by_kind: dict[str, Any] = {
        "int": whole,
        "float": broken,
        "bool": st.booleans(),
        "choice": st.sampled_from(param.choices or ("",)),
        "text": TEXT,
        "ints": st.lists(whole, min_size=param.length[0], max_size=min(param.length[1], 6)).map(tuple),
        "floats": st.lists(broken, min_size=param.length[0], max_size=min(param.length[1], 6)).map(tuple),
    }
    found = _spec(param.registry, depth) if param.kind == "ref" else by_kind[param.kind]
    return st.none() | found if param.optional else found


def _spec(registry: str, depth: int) -> st.SearchStrategy[Spec]:
    classes = [c for c in REGISTRIES[registry].classes() if registry != "activations" or c.group == "activation"]
    return st.sampled_from(classes).flatmap(lambda c: params(c, depth + 1).map(lambda p: Spec(c.id, p)))


def params(cls: type[Declared], depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Some of a class's parameters, none at its default."""
    if depth > 2:
        return st.just({})
    some = st.fixed_dictionaries({}, optional={name: value(p, depth) for name, p in cls.params.items()})
    kept = some.map(lambda given: {k: v for k, v in given.items() if v != cls.params[k].default})
    return kept.filter(lambda given: fits(cls, given))


def fits(cls: type[Declared], given: dict[str, Any]) -> bool:
    """Whether the parameters suit each other too: a uniform's high is not below its low."""
    try:
        cls(**given)
    except ParamError:
        return False
    return True


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def nodes(draw: st.DrawFn, node_id: str) -> Node:
    """A node of a known type, or of one that this version does not know."""
    if draw(st.integers(0, 5)) == 0:
        from engine.files.values import loose

        raw = draw(st.dictionaries(TEXT, JSON, max_size=4))
        return Node(node_id, "unheard_of", draw(TEXT), {k: loose(v) for k, v in raw.items()}, draw(st.integers(1, 9)))
    cls = draw(st.sampled_from(LAYERS.classes()))
    flags = draw(st.tuples(st.booleans(), st.booleans()))
    return Node(node_id, cls.id, draw(TEXT), draw(params(cls)), 1, *flags)


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Any project that a file can hold; most would not run."""
    ids = draw(st.lists(st.from_regex(r"\A[\w.\-]{1,8}\Z"), unique=True, max_size=6))
    made = {i: draw(nodes(i)) for i in ids}
    pairs = [(a, b) for k, a in enumerate(ids) for b in ids[k + 1 :]]
    wires = draw(st.lists(st.sampled_from(pairs), max_size=6, unique=True)) if pairs else []
    edges = tuple(Edge(a, b, draw(st.sampled_from(["in", "left"]))) for a, b in wires)
    training = TrainingSetup(
        optimizer=draw(_spec("optimizers", 0)),
        schedule=draw(_spec("schedules", 0)),
        batch_size=draw(st.integers(1, 4096)),
        epochs=draw(st.integers(1, 1000)),
        shuffle=draw(st.booleans()),
        seed=draw(st.integers(0, 2**63 - 1)),
        dtype=draw(st.sampled_from(["float32", "float64"])),
        target_loss=draw(st.none() | FLOATS),
        patience=draw(st.none() | st.integers(1, 99)),
    )
    data = DataSetup(draw(_spec("sources", 0)), draw(st.floats(0, 0.45)), draw(st.floats(0, 0.45)))
    layout = draw(st.dictionaries(TEXT, JSON, max_size=3))
    probes = tuple(draw(st.lists(TEXT, max_size=3)))
    return Project(Graph(made, edges), training, data, probes, layout, draw(st.dictionaries(TEXT, JSON)), draw(TEXT))
