"""A problem's fix (engine.layers.Fix) as an edit: one undo step."""

from __future__ import annotations

from collections.abc import Callable

from designer.document.geometry import Sizes
from designer.document.refusals import EditRefusal
from designer.document.state import DocState
from designer.document.verbs.insert import insert_before
from designer.document.verbs.nodes import delete_and_reconnect, remove_nodes
from designer.document.verbs.params import reset_param, set_param
from designer.document.verbs.sharing import take_settings, unshare_weights
from designer.document.verbs.wires import connect
from engine.graph import Edge
from engine.layers import Fix


def apply_fix(state: DocState, node: str, port: str, fix: Fix, sizes: Sizes) -> DocState:
    """The repair done. ``node`` and ``port`` are the problem's; a fix may name another node."""
    kinds: dict[str, Callable[[DocState, str, str, Fix, Sizes], DocState]] = {
        "insert_before": _insert_before,
        "set_param": lambda s, n, p, f, z: set_param(s, (n,), f.args["name"], f.args["value"]),
        "reset_param": lambda s, n, p, f, z: reset_param(s, (n,), f.args["name"]),
        "set_loss": lambda s, n, p, f, z: set_param(s, (n,), "loss", f.args["value"]),
        "unshare": lambda s, n, p, f, z: unshare_weights(s, (n,)),
        "take_settings": lambda s, n, p, f, z: take_settings(s, (n,), f.args["owner"]),
        "remove": _remove,
        "connect": _connect,
    }
    if fix.kind not in kinds:
        raise EditRefusal(f"this version cannot do {fix.kind!r}", "make the change by hand")
    return kinds[fix.kind](state, fix.args.get("node", node), fix.args.get("port", port), fix, sizes)


def _insert_before(state: DocState, node: str, port: str, fix: Fix, sizes: Sizes) -> DocState:
    new = state.graph.new_id()
    return insert_before(state, node, port or "in", new, fix.args["layer"], fix.args.get("params", {}), sizes)


def _remove(state: DocState, node: str, port: str, fix: Fix, sizes: Sizes) -> DocState:
    return delete_and_reconnect(state, (node,)) if fix.args.get("reconnect") else remove_nodes(state, (node,))


def _connect(state: DocState, node: str, port: str, fix: Fix, sizes: Sizes) -> DocState:
    source, source_port = fix.args["source"], fix.args.get("source_port", "out")
    return connect(state, Edge(source, fix.args.get("target", node), port or "in", source_port))
