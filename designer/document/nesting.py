"""Which group lies in which, and which is the innermost around each node.

Groups are nested or apart. A file may say otherwise; then the smallest group that holds all of another is its parent,
and a node belongs to the smallest that holds it, the earlier one where equal: every node has one place all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class _Members(Protocol):
    @property
    def members(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Nesting:
    """``parent``: the group around each group or None; ``home``: the innermost group around a node, absent = none."""

    parent: Mapping[str, str | None]
    home: Mapping[str, str]

    def path(self, group: str) -> tuple[str, ...]:
        """The groups around a group, outermost first, and itself."""
        found = [group]
        while (around := self.parent[found[-1]]) is not None:
            found.append(around)
        return tuple(reversed(found))

    def around(self, node: str) -> tuple[str, ...]:
        """The groups around a node, outermost first."""
        return self.path(self.home[node]) if node in self.home else ()

    def lies_in(self, group: str, other: str | None) -> bool:
        """True if ``group`` lies anywhere in ``other``; everything lies in None, nothing in itself."""
        return group != other and (other is None or other in self.path(group))

    def common(self, nodes: tuple[str, ...]) -> str | None:
        """The innermost group around all these nodes, or None."""
        paths = [self.around(n) for n in nodes]
        found = None
        for level in zip(*paths, strict=False):
            if len(set(level)) > 1:
                break
            found = level[0]
        return found


def nesting_of(groups: Mapping[str, _Members]) -> Nesting:
    """Of these groups by id."""
    own = {key: frozenset(g.members) for key, g in groups.items()}
    place = {key: k for k, key in enumerate(groups)}
    holding: dict[str, list[str]] = {}
    for key in sorted(own, key=lambda k: (len(own[k]), place[k])):
        for member in own[key]:
            holding.setdefault(member, []).append(key)
    parent: dict[str, str | None] = {}
    for key, members in own.items():
        rank = (len(members), place[key])
        near = holding[next(iter(members))] if members else ()
        larger = (o for o in near if (len(own[o]), place[o]) > rank and members <= own[o])
        parent[key] = next(larger, None)
    return Nesting(parent, {member: keys[0] for member, keys in holding.items()})
