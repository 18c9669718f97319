"""The recovery journal: what a crash leaves is found; what was closed in good order leaves nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.files.graph_json import project_bytes
from engine.files.journal import Journal, orphans
from tests.engine.files.projects import small_project

ROOT = Path(__file__).resolve().parents[3]

EDITOR = """
import sys, time
from dataclasses import replace
from engine.files.graph_json import read_project
from engine.files.journal import Journal
project = read_project(open(sys.argv[2], "rb").read())
journal = Journal(sys.argv[1], "/home/someone/net.json")
k = 0
while True:
    k += 1
    journal.write(replace(project, title=f"edit {k}"), durable=False)
    print(k, time.time(), flush=True)
    time.sleep(0.002)
"""


def edited_and_killed(folder: Path, seconds: float) -> tuple[int, float]:
    """A child that edits without end, killed: (number of its last finished edit, when that was)."""
    start = folder.parent / "start.json"
    start.write_bytes(project_bytes(small_project()))
    child = subprocess.Popen(
        [sys.executable, "-c", EDITOR, str(folder), str(start)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert child.stdout is not None
    with child:
        child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        lines = [line for line in child.stdout.read().split("\n") if line.count(" ") == 1]
    number, when = lines[-1].split() if lines else ("1", "0")
    return int(number), float(when)


def recovered(folder: Path, last: int) -> bool:
    """Whether the one orphan there is the last finished edit, or the one that was under way."""
    found, broken = orphans(folder)
    if len(found) != 1 or broken:
        return False
    number = int(found[0].project.title.removeprefix("edit "))
    whole = replace(found[0].project, title="Small") == small_project()
    found[0].discard()
    return whole and number in (last, last + 1) and orphans(folder) == ([], [])


def test_killed_editors_are_recovered(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(3):
        last, _ = edited_and_killed(tmp_path / "recovery", draw.uniform(0.0, 0.2))
        assert recovered(tmp_path / "recovery", last)


def test_an_open_journal_is_no_orphan_and_a_closed_one_leaves_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(small_project())
    assert orphans(tmp_path) == ([], [])
    journal.close()
    assert os.listdir(tmp_path) == []


def test_cleared_after_a_save_and_written_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "net.json")
    journal.write(small_project())
    journal.clear()
    assert not journal.path.exists()
    journal.moved("other.json")
    journal.write(small_project())
    assert json.loads(journal.path.read_text(encoding="utf-8"))["original"] == str(Path("other.json").absolute())
    journal.close()


def orphaned(folder: Path, text: str, name: str = "1-1-00") -> Path:
    path = folder / f"{name}.recovery.json"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", ["", "{", "[]", '{"original": null}', '{"original": 3, "written": 0, "project": ""}'])
def test_damaged_journals_are_told_and_do_not_hide_others(tmp_path: Path, text: str) -> None:
    orphaned(tmp_path, text, "1-1-00")
    state = project_bytes(small_project()).decode()
    orphaned(tmp_path, json.dumps({"original": None, "written": 5.0, "project": state}), "2-2-00")
    found, broken = orphans(tmp_path)
    assert [o.project for o in found] == [small_project()] and len(broken) == 1


def test_newest_first_and_discarded_for_good(tmp_path: Path) -> None:
    state = project_bytes(small_project()).decode()
    for k in (1, 3, 2):
        orphaned(tmp_path, json.dumps({"original": f"/{k}.json", "written": k, "project": state}), f"{k}-1-00")
    found, _ = orphans(tmp_path)
    assert [o.original for o in found] == ["/3.json", "/2.json", "/1.json"]
    for o in found:
        o.discard()
    assert os.listdir(tmp_path) == []


def test_locks_without_a_journal_are_swept_and_no_folder_is_no_orphans(tmp_path: Path) -> None:
    (tmp_path / "1-1-00.recovery.json.lock").write_text("")
    assert orphans(tmp_path) == ([], [])
    assert os.listdir(tmp_path) == []
    assert orphans(tmp_path / "none") == ([], [])
