"""How layers turn into primitives: a Builder records steps, weights and states with their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.declare import Spec
from engine.primitives import Primitive, Shape

Kind = Literal["input", "activation", "weight", "state"]


@dataclass(frozen=True, slots=True)
class Ref:
    """A value of the plan. ``shape`` is per sample when ``batched``. ``dtype`` "int" marks token ids."""

    id: int
    shape: Shape
    kind: Kind
    node: str
    name: str
    dtype: Literal["float", "int"] = "float"

    @property
    def batched(self) -> bool:
        """Whether arrays carry the batch axis first."""
        return self.kind in ("input", "activation")


@dataclass(frozen=True, slots=True)
class Step:
    """One primitive applied to values."""

    primitive: Primitive
    inputs: tuple[int, ...]
    output: int
    node: str


@dataclass(frozen=True, slots=True)
class WeightInfo:
    """A trainable tensor. ``l1``/``l2`` are the penalty rates; ``trainable`` is false in a frozen layer.

    ``rate_factor`` multiplies the learning rate. Fans are input and output connections per unit, as the initializers
    use them (Glorot & Bengio 2010).
    """

    value: int
    node: str
    name: str
    shape: Shape
    init: Spec
    fan_in: int
    fan_out: int
    l1: float = 0.0
    l2: float = 0.0
    trainable: bool = True
    #: part of a matrix multiply (as opposed to biases, gains and offsets)
    is_kernel: bool = False
    rate_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class StateInfo:
    """A tensor that training moves without a gradient (running statistics)."""

    value: int
    node: str
    name: str
    shape: Shape
    fill: float


@dataclass
class Program:
    """What building produced so far."""

    values: list[Ref] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    weights: list[WeightInfo] = field(default_factory=list)
    states: list[StateInfo] = field(default_factory=list)
    #: (node, role) -> value id; roles: "z" pre-activation, "out", "mask", ...
    marks: dict[tuple[str, str], int] = field(default_factory=dict)
    streams: int = 0
    #: (owner, name) -> weights and states that several nodes share, once they are declared
    shared: dict[tuple[str, str], Ref] = field(default_factory=dict)


class Builder:
    """Records for one node. ``scope`` prefixes weight names of a layer built as a setting of another ("bn.").

    ``owner``: the node under which weights and states are kept, where it is not this one.
    """

    def __init__(
        self,
        program: Program,
        node: str,
        *,
        trainable: bool = True,
        scope: str = "",
        rate_factor: float = 1.0,
        owner: str = "",
    ) -> None:
        self.program, self.node, self.trainable, self.prefix = program, node, trainable, scope
        self.rate_factor, self.owner = rate_factor, owner or node

    def scope(self, name: str, rate_factor: float = 1.0) -> Builder:
        """A builder whose weight names start with ``name.`` and whose learning rates have one more factor."""
        factor = self.rate_factor * rate_factor
        scope = f"{self.prefix}{name}."
        return Builder(
            self.program, self.node, trainable=self.trainable, scope=scope, rate_factor=factor, owner=self.owner
        )

    def value(self, shape: Shape, kind: Kind, name: str, dtype: Literal["float", "int"] = "float") -> Ref:
        """A new value."""
        ref = Ref(len(self.program.values), shape, kind, self.node, name, dtype)
        self.program.values.append(ref)
        return ref

    def op(self, primitive: Primitive, *inputs: Ref) -> Ref:
        """Apply a primitive. One that draws random numbers gets the next stream number."""
        if primitive.random:
            primitive = replace(primitive, stream=self.program.streams)  # type: ignore[call-arg]
            self.program.streams += 1
        out = self.value(primitive.shape(*(i.shape for i in inputs)), "activation", primitive.id)
        self.program.steps.append(Step(primitive, tuple(i.id for i in inputs), out.id, self.node))
        return out

    def weight(
        self,
        name: str,
        shape: Shape,
        init: Spec,
        *,
        fans: tuple[int, int] = (0, 0),
        l1: float = 0.0,
        l2: float = 0.0,
        is_kernel: bool = False,
    ) -> Ref:
        """A trainable tensor with its initializer and penalty rates; a shared one as its owner declared it."""
        known = self.program.shared.get((self.owner, self.prefix + name))
        if known is not None:
            return known
        ref = self.value(shape, "weight", self.prefix + name)
        info = WeightInfo(
            ref.id, self.node, ref.name, shape, init, fans[0], fans[1], l1, l2, self.trainable, is_kernel,
            self.rate_factor,
        )  # fmt: skip
        self.program.weights.append(info)
        return ref

    def state(self, name: str, shape: Shape, fill: float) -> Ref:
        """A running statistic, filled with a constant at the start; a shared one as its owner declared it."""
        known = self.program.shared.get((self.owner, self.prefix + name))
        if known is not None:
            return known
        ref = self.value(shape, "state", self.prefix + name)
        self.program.states.append(StateInfo(ref.id, self.node, ref.name, shape, fill))
        return ref

    def mark(self, role: str, ref: Ref) -> Ref:
        """Name a value for the probes: "z" is the pre-activation, "mask" a dropout mask, ... Returns it."""
        self.program.marks[(self.node, role)] = ref.id
        return ref


def declare_shared(program: Program, owner: str, alone: Program) -> None:
    """Weights and states of ``alone``, the owner's layer built by itself, become shared ones of ``program``."""
    b = Builder(program, owner)
    for w in alone.weights:
        ref = b.value(w.shape, "weight", w.name)
        program.weights.append(replace(w, value=ref.id, node=owner))
        program.shared[owner, w.name] = ref
    for s in alone.states:
        ref = b.value(s.shape, "state", s.name)
        program.states.append(replace(s, value=ref.id, node=owner))
        program.shared[owner, s.name] = ref


def dry(shapes: Sequence[Shape], dtypes: Sequence[Literal["float", "int"]] | None = None) -> tuple[Program, list[Ref]]:
    """A program with one input value per shape, to build a single layer on."""
    program = Program()
    b = Builder(program, "")
    kinds = dtypes or ["float"] * len(shapes)
    return program, [b.value(s, "input", f"in{k}", d) for k, (s, d) in enumerate(zip(shapes, kinds, strict=True))]
