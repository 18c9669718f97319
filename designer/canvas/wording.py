"""Sentences for people: names of layers where an exception names ids."""

from __future__ import annotations

import re

from engine.graph import Graph


def with_names(text: str, graph: Graph) -> str:
    """The sentence with each quoted id, and each id along a path ``a -> b``, replaced by its layer's name."""

    def quoted(found: re.Match[str]) -> str:
        node = graph.nodes.get(found[1])
        return f"“{node.name}”" if node is not None else found[0]

    def path(found: re.Match[str]) -> str:
        ids = found[1].split(" -> ")
        return "(" + " → ".join(graph.nodes[i].name if i in graph.nodes else i for i in ids) + ")"

    text = re.sub(r"'([^']+)'", quoted, text)
    text = re.sub(r"\(([^()]* -> [^()]*)\)", path, text)
    return text[:1].upper() + text[1:]
