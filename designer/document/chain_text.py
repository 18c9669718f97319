"""A chain of layers from one line of text: ``conv 32 3 relu > pool 2 > flatten > dense 10 softmax``.

Layers are separated by ``>`` (or ``->``, ``|``, a new line). Each is a layer's name and its settings, in any order:

- a number or ``3x3``: the next of the settings that this layer usually gets (see ``POSITIONAL``);
- a word: an activation, a loss, an initializer, ``same``, ``bn``, ``nobias``;
- ``name=value``: any setting by its name;
- ``4 * dense 8 relu``: that layer four times.

ChainRefusal says what is wrong at which place of the text and what would be right.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from designer.document.ports import inputs_of, outputs_of
from designer.document.refusals import EditRefusal
from engine.analysis.catalog import choices
from engine.declare import Param, ParamError, Spec, Value
from engine.layers import LAYERS, Layer

#: what bare numbers set, in order
POSITIONAL: Mapping[str, tuple[str, ...]] = {
    "conv2d": ("filters", "kernel", "stride"),
    "conv1d": ("filters", "kernel", "stride"),
    "conv_transpose2d": ("filters", "kernel", "stride"),
    "depthwise_conv2d": ("kernel", "stride"),
    "dense": ("units",),
    "max_pool2d": ("size", "stride"),
    "avg_pool2d": ("size", "stride"),
    "upsample": ("scale",),
    "dropout": ("rate",),
    "spatial_dropout": ("rate",),
    "gaussian_noise": ("deviation",),
    "embedding": ("vocabulary", "width"),
    "multi_head_attention": ("heads",),
    "group_norm": ("groups",),
    "input": ("size",),
    "reshape": ("target",),
    "permute": ("order",),
    "leaky_relu": ("slope",),
    "elu": ("alpha",),
    "concat": ("axis",),
    "rescale": ("scale", "offset"),
}
NAMES: Mapping[str, str] = {
    "conv": "conv2d",
    "pool": "max_pool2d",
    "maxpool": "max_pool2d",
    "avgpool": "avg_pool2d",
    "gap": "global_avg_pool",
    "globalavgpool": "global_avg_pool",
    "fc": "dense",
    "bn": "batch_norm",
    "batchnorm": "batch_norm",
    "ln": "layer_norm",
    "drop": "dropout",
    "deconv": "conv_transpose2d",
    "up": "upsample",
    "attention": "multi_head_attention",
    "mha": "multi_head_attention",
    "position": "positional_encoding",
    "embed": "embedding",
    "in": "input",
    "out": "output",
}
WORDS: Mapping[str, tuple[str, Value]] = {
    "bn": ("batch_norm", "before"),
    "nobias": ("use_bias", False),
    "he": ("weight_init", Spec("he_normal")),
    "xavier": ("weight_init", Spec("xavier_uniform")),
    "glorot": ("weight_init", Spec("xavier_uniform")),
    "lecun": ("weight_init", Spec("lecun_normal")),
    "ce": ("loss", Spec("softmax_cross_entropy")),
    "bce": ("loss", Spec("binary_cross_entropy")),
}
MOST_LAYERS = 1000
_SEPARATOR = re.compile(r"->|[>→|\n]")
_TOKEN = re.compile(r"\*|[^\s*=]+\s*=\s*[^\s*]+|[^\s*]+")
_NUMBERS = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?%?([xX×,]\d+)*")


class ChainRefusal(EditRefusal):
    """A text that is no chain. ``start`` and ``end``: the part of the text that is wrong."""

    def __init__(self, start: int, end: int, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.start, self.end = start, end


@dataclass(frozen=True)
class Link:
    """One layer of a chain: type, the settings that differ from their defaults, its place in the text."""

    type: str
    params: Mapping[str, Value]
    start: int
    end: int


@dataclass(frozen=True)
class _Token:
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def parse_chain(text: str) -> tuple[Link, ...]:
    """The layers, first to last. ChainRefusal for an empty text, an unknown word, a number too many, a bad value."""
    links: list[Link] = []
    start, before = 0, ""
    parts = [*((m.start(), m.end()) for m in _SEPARATOR.finditer(text)), (len(text), len(text))]
    for end, following in parts:
        after = text[end:following]
        tokens = [_Token(m.group(), start + m.start()) for m in _TOKEN.finditer(text[start:end])]
        if tokens:
            links.extend(_links(tokens))
        elif text.strip() and "\n" not in (before, after):
            raise ChainRefusal(max(start - 1, 0), following, "a layer is missing here", "type one, or remove the “>”")
        start, before = following, after
    if not links:
        raise ChainRefusal(0, len(text), "there is no layer", "type one, for example: dense 8 relu")
    if len(links) > MOST_LAYERS:
        raise ChainRefusal(0, len(text), f"{len(links)} layers in one line", f"type at most {MOST_LAYERS}")
    _check_ends(links)
    return tuple(links)


def _check_ends(links: list[Link]) -> None:
    for k, link in enumerate(links):
        title = LAYERS[link.type].title
        if k > 0 and not inputs_of(link.type):
            raise ChainRefusal(link.start, link.end, f"{title} takes no input", "put it first")
        if k + 1 < len(links) and not outputs_of(link.type):
            raise ChainRefusal(link.start, link.end, f"{title} has no output", "put it last")


def _links(tokens: list[_Token]) -> list[Link]:
    """The layer that the tokens describe, as often as they say."""
    times, rest = 1, tokens
    if len(tokens) > 1 and tokens[1].text == "*":
        if not tokens[0].text.isdigit() or not 1 <= int(tokens[0].text) <= MOST_LAYERS:
            remedy = f"write a whole number from 1 to {MOST_LAYERS} before the “*”"
            raise ChainRefusal(tokens[0].start, tokens[0].end, f"{tokens[0].text!r} is no count", remedy)
        times, rest = int(tokens[0].text), tokens[2:]
    if not rest:
        raise ChainRefusal(tokens[0].start, tokens[-1].end, "what is to be repeated is missing", "type a layer")
    layer = layer_named(rest[0])
    params: dict[str, Value] = {}
    free = list(POSITIONAL.get(layer.id, ()))
    for token in rest[1:]:
        name, value = _setting(layer, token, free)
        if name in params:
            raise ChainRefusal(token.start, token.end, f"{name} is given twice", "remove one of the two")
        params[name] = value
    if "pool" in layer.id and "size" in params and "stride" not in params:
        params["stride"] = params["size"]
    kept = {k: v for k, v in params.items() if v != layer.params[k].default}
    return [Link(layer.id, kept, rest[0].start, rest[-1].end)] * times


def layer_named(token: _Token) -> type[Layer]:
    """The layer type of that name: its id, title, a short name, or the only key word that matches."""
    word = _plain(token.text)
    known = {_plain(c.id): c for c in LAYERS.classes()}
    known |= {_plain(c.title): c for c in LAYERS.classes()} | {k: LAYERS[v] for k, v in NAMES.items() if v in LAYERS}
    if word in known:
        return known[word]
    by_keyword = [c for c in LAYERS.classes() if word in map(_plain, c.keywords)]
    starting = [c for c in dict.fromkeys(known[k] for k in known if k.startswith(word))] if len(word) > 2 else []
    for found in (by_keyword, starting):
        if len(found) == 1:
            return found[0]
    near = difflib.get_close_matches(word, known, 1, 0.6)
    remedy = f"did you mean “{near[0]}”?" if near else "type a layer such as conv, pool, flatten or dense"
    if _NUMBERS.fullmatch(token.text):
        remedy = f"a layer begins with its name, as in “dense {token.text}”"
    raise ChainRefusal(token.start, token.end, f"there is no layer {token.text!r}", remedy)


def _setting(layer: type[Layer], token: _Token, free: list[str]) -> tuple[str, Value]:
    """(parameter, checked value) that a token says; takes what it uses from ``free``."""
    if "=" in token.text:
        name, _, value = (part.strip() for part in token.text.partition("="))
        return _named(layer, token, name, value)
    if _NUMBERS.fullmatch(token.text):
        if not free:
            takes = ", ".join(POSITIONAL.get(layer.id, ())) or "no numbers"
            raise ChainRefusal(
                token.start, token.end, f"{layer.title}: one number too many", f"it takes {takes}; others by name=value"
            )
        name = free.pop(0)
        return name, _checked(layer, token, layer.params[name], token.text)
    return _word(layer, token)


def _named(layer: type[Layer], token: _Token, name: str, value: str) -> tuple[str, Value]:
    labels = {_plain(p.label): k for k, p in layer.params.items() if p.label}
    key = name if name in layer.params else labels.get(_plain(name), "")
    if not key:
        near = difflib.get_close_matches(name, layer.params, 1, 0.5)
        remedy = f"did you mean “{near[0]}”?" if near else "it has " + (", ".join(layer.params) or "none")
        raise ChainRefusal(token.start, token.end, f"{layer.title} has no setting {name!r}", remedy)
    return key, _checked(layer, token, layer.params[key], value)


def _word(layer: type[Layer], token: _Token) -> tuple[str, Value]:
    word = _plain(token.text)
    if word in WORDS and WORDS[word][0] in layer.params:
        name, value = WORDS[word]
        return name, layer.params[name].check(layer.title, value)
    for name, param in layer.params.items():
        chosen = _choice(param, word)
        if chosen is not None:
            return name, chosen
    known = [w for p in layer.params.values() for w in _choices(p)]
    near = difflib.get_close_matches(word, known, 1, 0.6)
    remedy = f"did you mean “{near[0]}”?" if near else "other settings are written name=value"
    raise ChainRefusal(token.start, token.end, f"{layer.title} does not know {token.text!r}", remedy)


def _choices(param: Param) -> list[str]:
    if param.kind == "choice":
        return [c for c in param.choices if c != "none"]
    return [c.id for c in choices(param.registry)] if param.kind == "ref" else []


def _choice(param: Param, word: str) -> Value:
    """The value that a bare word means for this parameter, or None."""
    for found in _choices(param):
        if _plain(found) == word:
            return found if param.kind == "choice" else Spec(found)
    if param.kind == "ref":
        by_title = [c.id for c in choices(param.registry) if _plain(c.title) == word]
        return Spec(by_title[0]) if by_title else None
    return None


def _checked(layer: type[Layer], token: _Token, param: Param, text: str) -> Value:
    try:
        return param.check(layer.title, _value(param, text))
    except (ParamError, ValueError):
        name = param.label or param.name.replace("_", " ")
        raise ChainRefusal(
            token.start, token.end, f"{layer.title}: {name} cannot be {text}", f"it is {param.rule()}"
        ) from None


def _value(param: Param, text: str) -> object:
    if param.kind == "bool":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower(), text)
    if param.kind in ("int", "float"):
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    if param.kind in ("ints", "floats"):
        numbers = [float(t) for t in re.split("[xX×,]", text)]
        return numbers * param.length[0] if len(numbers) == 1 < param.length[0] else numbers
    if param.kind == "ref":
        found = _choice(param, _plain(text))
        return found if found is not None else text
    return text


def _plain(text: str) -> str:
    return text.lower().replace("_", "").replace("-", "").replace(" ", "")
