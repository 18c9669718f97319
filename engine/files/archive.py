"""The .gradloom archive: a plain zip of stored members whose bytes depend on nothing but those members.

Since it is deterministic, reading checks it by building it again: each header must be, byte for byte, what a writer
would put there, and manifest.json holds the SHA-256 of every member. So no changed byte goes unnoticed, nothing is
ever decompressed, and no member can lie outside, twice, or over another.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from engine.files.errors import FormatError
from engine.files.limits import MAX_ARCHIVE, MAX_MANIFEST, MAX_MEMBERS

ARCHIVE_FORMAT = "gradloom-archive"
ARCHIVE_VERSION = 2
MANIFEST = "manifest.json"
#: in the order in which they are stored; the manifest stands before them
MEMBERS = ("project.json", "weights.safetensors", "resume.json", "resume.safetensors", "runs.safetensors")
#: members of the first version; an archive that holds no others is still written as one, so that older programs read it
_FIRST = frozenset(MEMBERS[:4])

_LOCAL, _CENTRAL, _END = "<4s5H3I2H", "<4s6H3I5H2I", "<4s4H2IH"
_LOCAL_SIZE, _CENTRAL_SIZE, _END_SIZE = struct.calcsize(_LOCAL), struct.calcsize(_CENTRAL), struct.calcsize(_END)
_DATE = 0x21  # 1980-01-01, the first day that a zip knows
_LINK = 0o120000
_DAMAGED = "the file is damaged, or another program packed it anew; take an earlier copy"

Data = bytes | memoryview


def pack(members: Mapping[str, Data], file: str = "archive") -> list[Data]:
    """The pieces of the archive, to be written one after the other. FormatError beyond the size of a plain zip."""
    whole: dict[str, Data] = {
        MANIFEST: _manifest(members),
        **{name: members[name] for name in MEMBERS if name in members},
    }
    if sum(len(data) + 200 for data in whole.values()) > MAX_ARCHIVE:
        raise FormatError(
            file, "", "the weights are too large for one archive", expected=f"at most {MAX_ARCHIVE:,} bytes",
            remedy="save graph.json and export the weights to a safetensors file",
        )  # fmt: skip
    pieces: list[Data] = []
    directory: list[bytes] = []
    at = 0
    for name, data in whole.items():
        local, central = _headers(name, data, at)
        pieces += [local, data]
        directory.append(central)
        at += len(local) + len(data)
    pieces.append(b"".join(directory))
    pieces.append(_end(len(whole), len(pieces[-1]), at))
    return pieces


def unpack(data: Data, file: str = "archive") -> dict[str, memoryview]:
    """The members of an archive that ``pack`` made. FormatError for every other sequence of bytes."""
    view = memoryview(data).cast("B")
    _refuse_newer(view, file)
    found = _members(view, file)
    if MANIFEST not in found:
        raise FormatError(file, MANIFEST, "there is no manifest", remedy=_DAMAGED)
    members = {name: part for name, part in found.items() if name != MANIFEST}
    _check_manifest(bytes(found[MANIFEST]), members, file)
    at = 0
    for k, piece in enumerate(pack(members, file)):
        # Odd pieces are members' data, which the manifest vouches for; their places are in the directory.
        if (k % 2 == 0 or k > 2 * len(members)) and view[at : at + len(piece)] != piece:
            raise FormatError(file, f"byte {at}", "this is not what was written there", remedy=_DAMAGED)
        at += len(piece)
    if at != len(view):
        raise FormatError(
            file, f"byte {at}", "there is more than was written", got=f"{len(view) - at} bytes", remedy=_DAMAGED
        )
    return members


def _manifest(members: Mapping[str, Data]) -> bytes:
    entries = {
        n: {"sha256": hashlib.sha256(members[n]).hexdigest(), "size": len(members[n])} for n in MEMBERS if n in members
    }
    version = 1 if _FIRST.issuperset(members) else ARCHIVE_VERSION
    whole = {"format": ARCHIVE_FORMAT, "format_version": version, "members": entries}
    return json.dumps(whole, indent=1).encode() + b"\n"


def _headers(name: str, data: Data, at: int) -> tuple[bytes, bytes]:
    encoded = name.encode("ascii")
    common = (20, 0, 0, 0, _DATE, zlib.crc32(data), len(data), len(data), len(encoded), 0)
    local = struct.pack(_LOCAL, b"PK\x03\x04", *common) + encoded
    central = struct.pack(_CENTRAL, b"PK\x01\x02", 0x0314, *common, 0, 0, 0, 0o100644 << 16, at) + encoded
    return local, central


def _end(count: int, size: int, at: int) -> bytes:
    return struct.pack(_END, b"PK\x05\x06", 0, 0, count, count, size, at, 0)


def _refuse_newer(view: memoryview, file: str) -> None:
    """The manifest stands first, so that a later version, whatever else it does, can be told from damage."""
    import msgspec

    start = _LOCAL_SIZE + len(MANIFEST)
    if len(view) < start or view[_LOCAL_SIZE:start] != MANIFEST.encode():
        return
    method, size = struct.unpack_from("<H", view, 8)[0], struct.unpack_from("<I", view, 18)[0]
    if method != 0 or size > MAX_MANIFEST:
        return
    try:
        version = msgspec.json.decode(bytes(view[start : start + size]), type=dict[str, Any]).get("format_version")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if isinstance(version, int) and version > ARCHIVE_VERSION:
        raise FormatError(
            file, MANIFEST, "this file was written by a newer Gradloom",
            expected=f"archive version {ARCHIVE_VERSION} or older",
            got=str(version), remedy="update Gradloom to open it; nothing has been changed",
        )  # fmt: skip


def _members(view: memoryview, file: str) -> dict[str, memoryview]:
    """What the directory lists, each entry checked before its data is touched."""
    at, end, count = _directory(view, file)
    found: dict[str, memoryview] = {}
    for _ in range(count):
        if at + _CENTRAL_SIZE > end:
            raise FormatError(file, "directory", "the list of members is cut off", remedy=_DAMAGED)
        entry = struct.unpack_from(_CENTRAL, view, at)
        if entry[0] != b"PK\x01\x02":
            raise FormatError(file, "directory", "the list of members is damaged", remedy=_DAMAGED)
        method, size, name_length, extra, comment, attributes, start = (entry[k] for k in (4, 8, 10, 11, 12, 15, 16))
        name = bytes(view[at + _CENTRAL_SIZE : at + _CENTRAL_SIZE + name_length]).decode("utf-8", "replace")
        _check_entry(name, method, attributes, found, file)
        data_start = start + _LOCAL_SIZE + len(name.encode())
        if data_start + size > len(view):
            raise FormatError(
                file, name, "it reaches beyond the end of the file", got=f"{size:,} bytes", remedy=_DAMAGED
            )
        found[name] = view[data_start : data_start + size]
        at += _CENTRAL_SIZE + name_length + extra + comment
    return found


def _directory(view: memoryview, file: str) -> tuple[int, int, int]:
    """(start, end, number of entries) of the list of members."""
    if len(view) < _END_SIZE or bytes(view[-_END_SIZE : 4 - _END_SIZE]) != b"PK\x05\x06":
        raise FormatError(
            file, "", "the end of the archive is not there", remedy="it was cut off or is damaged; take an earlier copy"
        )
    end = len(view) - _END_SIZE
    fields = struct.unpack_from(_END, view, end)
    count, size, at = fields[4], fields[5], fields[6]
    if count > MAX_MEMBERS:
        raise FormatError(
            file,
            "directory",
            "there are too many members",
            expected=f"at most {MAX_MEMBERS}",
            got=str(count),
            remedy=_DAMAGED,
        )
    if at + size != end:
        raise FormatError(
            file,
            "directory",
            "the list of members is not where it should be",
            expected=str(end - size),
            got=str(at),
            remedy=_DAMAGED,
        )
    return at, end, count


def _check_entry(name: str, method: int, attributes: int, found: Mapping[str, memoryview], file: str) -> None:
    parts = name.replace("\\", "/").split("/")
    outside = name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in name
    rules = (
        (outside, "a member would lie outside the archive", repr(name)),
        ((attributes >> 16) & 0o170000 == _LINK, "a member is a link", repr(name)),
        (name in found, "two members have the same name", repr(name)),
        (method != 0, "a member is compressed; a .gradloom stores its members as they are", f"method {method}"),
        (name != MANIFEST and name not in MEMBERS, "a member that does not belong here", repr(name)),
    )
    for broken, rule, got in rules:
        if broken:
            expected = ", ".join((MANIFEST, *MEMBERS)) if rule.startswith("a member that") else ""
            raise FormatError(file, name, rule, expected=expected, got=got, remedy=_DAMAGED)


def _check_manifest(raw: bytes, members: Mapping[str, memoryview], file: str) -> None:
    if raw == _manifest(members):
        return
    for name, part in members.items():
        digest = hashlib.sha256(part).hexdigest().encode()
        if digest not in raw:
            raise FormatError(
                file, name, "its SHA-256 is not the one in the manifest", got=digest.decode(), remedy=_DAMAGED
            )
    raise FormatError(file, MANIFEST, "the manifest does not list what is there", remedy=_DAMAGED)
