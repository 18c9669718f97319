"""Shared weights in the document: copies, deletions, other types, and the repairs that a problem offers."""

from __future__ import annotations

from dataclasses import replace

from designer.document import DocState
from designer.document.verbs import (
    apply_fix,
    change_type,
    delete_and_reconnect,
    duplicate,
    remove_nodes,
    set_param,
    share_weights,
    unshare_weights,
)
from designer.document.verbs.fragment import cut_out, dump_fragment, load_fragment, paste
from engine.analysis import infer
from engine.plan import build_plan
from tests.engine.training.nets import mlp


def state() -> DocState:
    """Two hidden layers of four, the second with the weights of the first."""
    return share_weights(DocState(mlp((4, 4, 4, 3))), ("n2",), "n1")


def shares(s: DocState) -> dict[str, str | None]:
    return {k: n.shares for k, n in s.graph.nodes.items() if n.type == "dense"}


def test_sharing_is_an_edit_and_can_be_taken_back() -> None:
    before = DocState(mlp((4, 4, 4, 3)))
    assert shares(state()) == {"n1": None, "n2": "n1", "n3": None}
    assert share_weights(state(), ("n2",), "n1") == state()
    assert unshare_weights(state(), ("n2",)).graph == before.graph
    assert unshare_weights(before, ("n2",)) is before


def test_a_copy_shares_as_its_original_does() -> None:
    both = shares(duplicate(state(), ("n1", "n2"), 1, 1))
    (owner,) = [k for k in both if k not in ("n1", "n2", "n3") and both[k] is None]
    assert [k for k, v in both.items() if v == owner] and sum(v == "n1" for v in both.values()) == 1
    one = shares(duplicate(state(), ("n2",), 1, 1))
    assert list(one.values()).count("n1") == 2


def test_the_clipboard_knows_owners_that_were_copied_too_and_no_others() -> None:
    def pasted(*ids: str) -> list[str | None]:
        text = dump_fragment(cut_out(state(), ids))
        return list(shares(paste(DocState(mlp((4, 9, 9, 3))), load_fragment(text), 0, 0)).values())[3:]

    assert pasted("n2") == [None]
    first, second = pasted("n1", "n2")
    assert first is None and second is not None


def test_deleting_the_owner_leaves_its_weights_to_the_next() -> None:
    three = share_weights(state(), ("n2",), "n1")
    for after in (remove_nodes(three, ("n1",)), delete_and_reconnect(three, ("n1",))):
        assert shares(after) == {"n2": None, "n3": None}


def test_another_type_shares_with_nobody() -> None:
    assert change_type(state(), ("n2",), "relu").graph.nodes["n2"].shares is None
    after = change_type(state(), ("n1",), "relu")
    assert after.graph.nodes["n2"].shares is None and not infer(after.graph).errors


def test_both_repairs_make_it_run() -> None:
    broken = set_param(state(), ("n1",), "units", 5)
    (problem,) = [p for p in infer(broken.graph).problems if p.severity == "error" and p.fixes]
    for fix, weights in zip(problem.fixes, ({"n1", "n3"}, {"n1", "n2", "n3"}), strict=True):
        wide = replace(broken, graph=mlp((5, 5, 4, 3))) if fix.kind == "take_settings" else broken
        wide = share_weights(wide, ("n2",), "n1") if fix.kind == "take_settings" else wide
        after = apply_fix(wide, "n2", "", fix, {})
        assert not infer(after.graph).errors
        assert {w.node for w in build_plan(after.graph).weights} == weights
