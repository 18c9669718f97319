"""Mutations of good files: bytes, numbers, structure. The same seed gives the same file."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from engine.files.errors import FormatError
from engine.files.project_file import parse

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, 1e308, -1e308, 10**18, 10**30, "", "x", "\0", "a" * 5000, "../../x", "é😀", [],
    {}, [[]], [None], {"type": "x"}, {"type": 3}, {"type": "dense", "units": -1}, [1, 2, 3], ["a"], [1e308, 2],
]  # fmt: skip


def mutated(good: bytes, draw: random.Random) -> bytes:
    """One hostile file made of a good one."""
    structured = good.startswith(b"{") and draw.random() < 0.5
    return _structure(good, draw) if structured else _bytes(good, draw)


def _bytes(good: bytes, draw: random.Random) -> bytes:
    data = bytearray(good)
    for _ in range(draw.choice([1, 1, 2, 5, 30])):
        at = draw.randrange(len(data) + 1)
        kind = draw.randrange(7)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << draw.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = draw.randrange(256)
        elif kind == 2:
            del data[at : at + draw.choice([1, 4, 50, 5000])]
        elif kind == 3:
            data[at:at] = bytes(draw.randrange(256) for _ in range(draw.choice([1, 4, 20])))
        elif kind == 4:
            piece = draw.randrange(len(data) + 1)
            data[at:at] = data[piece : piece + draw.choice([1, 10, 400])]
        elif kind == 5:
            data[at:at] = draw.choice(
                [b"[" * 3000, b'{"a":' * 3000, b"9" * 400, b"\xff\xff\xff\xff", b"\\ud800", b"1e999"]
            )
        else:
            del data[at:]
    return bytes(data)


def _structure(good: bytes, draw: random.Random) -> bytes:
    whole = json.loads(good)
    for _ in range(draw.choice([1, 1, 2, 4])):
        places = list(_places(whole))
        holder, key = draw.choice(places)
        kind = draw.randrange(4)
        if kind == 0:
            holder[key] = copy.deepcopy(draw.choice(ODD))
        elif kind == 1:
            other, name = draw.choice(places)
            holder[key] = json.loads(json.dumps(other[name]))
        elif kind == 2 and isinstance(holder, dict):
            holder[draw.choice(["x", "type", "", "id", "params", str(key) + "z"])] = copy.deepcopy(draw.choice(ODD))
        elif isinstance(holder, dict):
            del holder[key]
        else:
            holder.insert(key, copy.deepcopy(draw.choice(ODD)))
    return json.dumps(whole).encode()


def _places(value: Any) -> Any:
    stack = [value]
    while stack:
        at = stack.pop()
        keys = list(at) if isinstance(at, dict) else range(len(at))
        for k in keys:
            yield at, k
            if isinstance(at[k], dict | list):
                stack.append(at[k])


def survives(data: bytes) -> bool:
    """Whether it was read or refused; anything else is raised. What was read must also be analysable and writable."""
    from engine.analysis import infer
    from engine.files.project_file import parts

    try:
        file = parse(data)
    except FormatError:
        return False
    parts("x.json", file.project)
    infer(file.project.graph)
    return True
