"""Event files: the checksum by RFC 3720's own numbers, the messages by the protobuf library."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from engine.files.tensorboard import crc32c, histogram_event, scalars_event, version_event


def frames(data: bytes) -> list[bytes]:
    """The records of a file, with both checksums of each verified bit by bit."""
    found, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        (head,) = struct.unpack_from("<I", data, at + 8)
        body = data[at + 12 : at + 12 + length]
        (tail,) = struct.unpack_from("<I", data, at + 12 + length)
        assert head == masked(data[at : at + 8]) and tail == masked(body)
        found.append(body)
        at += 16 + length
    return found


def masked(data: bytes) -> int:
    """The checksum without a table: polynomial division bit by bit."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0x82F63B78 if value & 1 else value >> 1
    value ^= 0xFFFFFFFF
    return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def message_types() -> Any:
    """Event as TensorFlow's event.proto and summary.proto declare it, as far as it is used here."""
    protobuf = pytest.importorskip("google.protobuf")
    assert protobuf is not None
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="gradloom_event.proto", package="t", syntax="proto3")

    def message(name: str, *fields: tuple[str, int, int, int, str]) -> None:
        made = file.message_type.add(name=name)
        for title, number, kind, label, of in fields:
            made.field.add(name=title, number=number, type=kind, label=label, type_name=of or None)

    one, many = kinds.LABEL_OPTIONAL, kinds.LABEL_REPEATED
    double, single, text, part = kinds.TYPE_DOUBLE, kinds.TYPE_FLOAT, kinds.TYPE_STRING, kinds.TYPE_MESSAGE
    figures = [(n, k, double, one, "") for k, n in enumerate(("min", "max", "num", "sum", "sum_squares"), 1)]
    message("Histogram", *figures, ("bucket_limit", 6, double, many, ""), ("bucket", 7, double, many, ""))
    message(
        "Value", ("tag", 1, text, one, ""), ("simple_value", 2, single, one, ""),
        ("histo", 5, part, one, ".t.Histogram"),
    )  # fmt: skip
    message("Summary", ("value", 1, part, many, ".t.Value"))
    message(
        "Event", ("wall_time", 1, double, one, ""), ("step", 2, kinds.TYPE_INT64, one, ""),
        ("file_version", 3, text, one, ""), ("summary", 5, part, one, ".t.Summary"),
    )  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Event"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [(bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E), (b"123456789", 0xE3069283)],
)
def test_the_checksum_is_that_of_the_standard(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected


def test_events_are_what_the_protobuf_library_reads() -> None:
    kind = message_types()
    data = version_event(5.5) + scalars_event(7.25, 300, [("loss", 0.5), ("rate", 1e-3)])
    data += histogram_event(8.0, 1 << 40, "weights/a", [1, 0, 3], [-1.0, 0.0, 1.0, 2.0], (-1.5, 9.0))
    first, scalars, histogram = (kind.FromString(f) for f in frames(data))
    assert (first.wall_time, first.file_version, first.step) == (5.5, "brain.Event:2", 0)
    assert (scalars.wall_time, scalars.step) == (7.25, 300)
    told = {v.tag: v.simple_value for v in scalars.summary.value}
    assert told == {"loss": 0.5, "rate": pytest.approx(1e-3, rel=1e-7)}
    assert histogram.step == 1 << 40
    (value,) = histogram.summary.value
    assert value.tag == "weights/a" and (value.histo.min, value.histo.max, value.histo.num) == (-1.5, 9.0, 4.0)
    assert list(value.histo.bucket) == [1, 0, 3] and list(value.histo.bucket_limit) == [0.0, 1.0, 2.0]
    assert value.histo.sum == -0.5 + 3 * 1.5 and value.histo.sum_squares == 0.25 + 3 * 2.25
