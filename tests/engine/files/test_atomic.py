"""Atomic saves: after a kill or a full disk the file is the old one or the new one, always whole."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.files.atomic import write_atomic
from engine.files.errors import FormatError

ROOT = Path(__file__).resolve().parents[3]

SAVER = """
import sys
from engine.files.atomic import write_atomic
path = sys.argv[1]
print("ready", flush=True)
k = 0
while True:
    k += 1
    letter = bytes([65 + k % 26])
    write_atomic(path, [letter * 70_000, letter * 130_000], durable=k % 2 == 0)
"""


def killed_save(path: Path, seconds: float) -> None:
    """A child that saves without end, killed after this long."""
    child = subprocess.Popen([sys.executable, "-c", SAVER, str(path)], stdout=subprocess.PIPE, cwd=ROOT)
    assert child.stdout is not None
    with child, child.stdout:
        child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)


def is_whole(path: Path) -> bool:
    data = path.read_bytes()
    return len(data) == 200_000 and data == data[:1] * 200_000


def test_a_killed_save_leaves_a_whole_file(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "net.gradloom"
    path.write_bytes(b"@" * 200_000)
    draw = random.Random(seed)
    for _ in range(4):
        killed_save(path, draw.uniform(0.0, 0.05))
        assert is_whole(path)


def test_permissions_are_kept_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    old.write_text("x")
    old.chmod(0o640)
    write_atomic(old, [b"y"])
    assert stat.S_IMODE(old.stat().st_mode) == 0o640 and old.read_bytes() == b"y"
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "new.json", [b"y"])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.json").stat().st_mode) == 0o640


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "net.json", tmp_path / "net.json"
    real.write_text("old")
    link.symlink_to(real)
    write_atomic(link, [b"new"])
    assert link.is_symlink() and real.read_bytes() == b"new"
    assert os.listdir(tmp_path / "real") == ["net.json"]


FULL = """
import resource, signal, sys
from engine.files.atomic import write_atomic
from engine.files.errors import FormatError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_atomic(sys.argv[1], [b"y" * 60_000] * 4)
except FormatError as e:
    print(e)
"""


def test_a_disk_that_refuses_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "larger than is allowed" in done.stdout and "the old file, if any, is whole" in done.stdout
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["net.json"]


def test_failures_between_pieces_leave_nothing(tmp_path: Path) -> None:
    def pieces() -> object:
        yield b"half"
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        write_atomic(tmp_path / "net.json", pieces())  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == []


def test_no_folder_and_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such folder"):
        write_atomic(tmp_path / "gone" / "net.json", [b"x"])
    (tmp_path / "net.json").mkdir()
    with pytest.raises(FormatError, match="this is a folder"):
        write_atomic(tmp_path / "net.json", [b"x"])
    assert os.listdir(tmp_path) == ["net.json"]


def test_what_a_killed_save_left_long_ago_is_swept(tmp_path: Path) -> None:
    old = tmp_path / ".net[1].json.deadbeef.gradloom-part"
    fresh = tmp_path / ".net[1].json.cafecafe.gradloom-part"
    other = tmp_path / ".other.json.deadbeef.gradloom-part"
    for p in (old, fresh, other):
        p.write_text("x")
    for p in (old, other):
        os.utime(p, (time.time() - 7200,) * 2)
    write_atomic(tmp_path / "net[1].json", [b"x"])
    assert not old.exists() and fresh.exists() and other.exists()
