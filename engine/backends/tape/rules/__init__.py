"""How each primitive becomes instructions: one rule for each, found by the primitive's id."""

from __future__ import annotations

from engine.backends.tape.rules.base import Rule
from engine.backends.tape.rules.convolution import ConvRule, ConvTransposeRule
from engine.backends.tape.rules.dense import LinearRule
from engine.backends.tape.rules.element import AddRule, AffineRule, PReLURule, SoftmaxRule, UnaryRule
from engine.backends.tape.rules.image import PoolRule
from engine.backends.tape.rules.merge import MaximumRule, MultiplyRule
from engine.backends.tape.rules.move import ConcatRule, DropoutRule, NoiseRule, ReshapeRule
from engine.backends.tape.rules.norm import BatchNormRule
from engine.backends.tape.rules.places import PermuteRule, SliceRule, UpsampleRule
from engine.backends.tape.rules.tokens import (
    AddRowRule,
    AttentionMixRule,
    AttentionScoresRule,
    EmbeddingRule,
    GroupNormRule,
    HidePlacesRule,
    LayerNormRule,
)

_ALL: tuple[Rule, ...] = (
    LinearRule(), UnaryRule(), AddRule(), AffineRule(), SoftmaxRule(), PReLURule(), ReshapeRule(), ConcatRule(),
    DropoutRule(), BatchNormRule(), ConvRule(), PoolRule(), AttentionScoresRule(), AttentionMixRule(), LayerNormRule(),
    AddRowRule(), EmbeddingRule(), MultiplyRule(), MaximumRule(), SliceRule(), PermuteRule(), UpsampleRule(),
    GroupNormRule(), ConvTransposeRule(), HidePlacesRule(), NoiseRule(),
)  # fmt: skip

RULES: dict[str, Rule] = {name: rule for rule in _ALL for name in rule.primitives}

__all__ = ["RULES", "Rule"]
