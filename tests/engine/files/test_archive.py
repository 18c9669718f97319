"""The .gradloom archive: whole, deterministic, and read by nobody's tricks."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.declare import Spec
from engine.files import project_file
from engine.files.archive import MANIFEST, pack
from engine.files.errors import FormatError
from engine.files.project_file import ProjectFile, moved, parse, parts
from engine.files.resume import ResumeState
from engine.graph import DataSetup, Project
from tests.engine.files.projects import small_project


def contents(rng: np.random.Generator) -> ProjectFile:
    weights = {
        ("h", "weight"): rng.normal(size=(4, 3)).astype(np.float32),
        ("h", "bias"): rng.normal(size=4),
        ("h", "bn.running_mean"): np.zeros(4),
        ("s", "weight"): rng.normal(size=(3, 4)).astype(np.float32),
    }
    arrays = {"slot|h|weight|mean": rng.normal(size=(4, 3)), "order": np.arange(7), "scalar": np.array(3.5)}
    scalars: dict[str, Any] = {
        "step": 17, "best": float("inf"), "nan": float("nan"), "third": 1 / 3, "log": [{"step": 3, "value": 0.1}],
        "none": None, "text": "é", "state": 2**62,
    }  # fmt: skip
    return ProjectFile(small_project(), weights, ResumeState(arrays, scalars))


def stored(file: ProjectFile) -> bytes:
    return b"".join(parts("x.gradloom", file.project, file.weights, file.resume))


def test_everything_comes_back_bit_for_bit(rng: np.random.Generator, tmp_path: Path) -> None:
    file = contents(rng)
    path = tmp_path / "net.gradloom"
    project_file.write(path, file.project, file.weights, file.resume)
    again = project_file.read(path)
    assert again.project == file.project
    assert (
        again.weights is not None and file.weights is not None and again.resume is not None and file.resume is not None
    )
    assert set(again.weights) == set(file.weights)
    for key, array in file.weights.items():
        assert again.weights[key].dtype == array.dtype and again.weights[key].tobytes() == array.tobytes()
    for name, array in file.resume.arrays.items():
        back = again.resume.arrays[name]
        assert back.dtype == array.dtype and back.shape == array.shape and back.tobytes() == array.tobytes()
    assert repr(again.resume.scalars) == repr(dict(file.resume.scalars))  # repr: nan is not equal to itself


def test_same_content_gives_the_same_bytes(rng: np.random.Generator) -> None:
    file = contents(rng)
    first = stored(file)
    time.sleep(0.01)
    assert file.weights is not None
    shuffled = dict(reversed(file.weights.items()))
    assert stored(ProjectFile(file.project, shuffled, file.resume)) == first


def test_any_zip_program_can_open_it(rng: np.random.Generator) -> None:
    file = contents(rng)
    with zipfile.ZipFile(io.BytesIO(stored(file))) as z:
        assert z.testzip() is None
        assert z.namelist() == [MANIFEST, "project.json", "weights.safetensors", "resume.json", "resume.safetensors"]
        manifest = json.loads(z.read(MANIFEST))
        assert manifest["members"]["project.json"]["size"] == len(z.read("project.json"))


def test_every_sampled_byte_flip_is_rejected(rng: np.random.Generator) -> None:
    whole = stored(contents(rng))
    places = rng.permutation(len(whole))[:1000]
    for at in places:
        broken = bytearray(whole)
        broken[at] ^= int(rng.integers(1, 256))
        with pytest.raises(FormatError):
            parse(bytes(broken))


def test_cut_and_lengthened_files_are_rejected(rng: np.random.Generator) -> None:
    whole = stored(contents(rng))
    for cut in (1, 21, 22, 100, len(whole) // 2, len(whole) - 2):
        with pytest.raises(FormatError):
            parse(whole[:-cut])
    for more in (whole + b"\0", b"PK" + whole, whole + whole):
        with pytest.raises(FormatError):
            parse(more)


def foreign(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members.items():
            z.writestr(name, data)
    return out.getvalue()


def linked() -> bytes:
    out = io.BytesIO()
    info = zipfile.ZipInfo("project.json")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(info, "/etc/passwd")
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def twice() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("project.json", "{}")
        z.writestr("Project.json", "{}")
    return out.getvalue().replace(b"Project.json", b"project.json")


HOSTILE = {
    "traversal": (lambda: foreign({"../evil": b"x"}), "outside"),
    "deep traversal": (lambda: foreign({"a/../../evil": b"x"}), "outside"),
    "absolute": (lambda: foreign({"/etc/evil": b"x"}), "outside"),
    "drive": (lambda: foreign({"C:evil": b"x"}), "outside"),
    "backslash": (lambda: foreign({"..\\evil": b"x"}), "outside"),
    "link": (linked, "link"),
    "twice": (twice, "same name"),
    "foreign member": (lambda: foreign({"evil.py": b"x"}), "not belong"),
    "1000:1 bomb": (lambda: foreign({"project.json": b"\0" * 50_000_000}, zipfile.ZIP_DEFLATED), "compressed"),
    "lzma bomb": (lambda: foreign({"project.json": b"\0" * 5_000_000}, zipfile.ZIP_LZMA), "compressed"),
    "no manifest": (lambda: foreign({"project.json": b"{}"}), "no manifest"),
    "many members": (lambda: foreign({f"m{k}": b"" for k in range(2000)}), "too many members"),
    "empty": (lambda: foreign({}), "not a Gradloom project|no manifest"),
    "foreign manifest": (lambda: foreign({MANIFEST: b"{}", "project.json": b"{}"}), "SHA-256"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_at_once(name: str) -> None:
    make, rule = HOSTILE[name]
    data = make()
    started = time.process_time()
    with pytest.raises(FormatError, match=rule):
        parse(data)
    assert time.process_time() - started < 1.0


def test_sizes_that_lie_are_refused(rng: np.random.Generator) -> None:
    whole = bytearray(stored(contents(rng)))
    at = struct.unpack_from("<I", whole, len(whole) - 6)[0]
    for size in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
        for field in (20, 24, 42):  # compressed size, size, place of the first member
            broken = bytearray(whole)
            struct.pack_into("<I", broken, at + field, size)
            if broken != whole:
                with pytest.raises(FormatError):
                    parse(bytes(broken))


def test_newer_archive_is_called_newer() -> None:
    data = foreign({MANIFEST: b'{"format_version": 3, "unheard": 1}', "wonder.bin": b"x"}, zipfile.ZIP_STORED)
    with pytest.raises(FormatError, match="newer Gradloom"):
        parse(data)


def test_archive_without_project_or_half_a_resume_state() -> None:
    project = parts("x.json", Project())[0]
    with pytest.raises(FormatError, match="no project"):
        parse(b"".join(pack({"weights.safetensors": b""})))
    with pytest.raises(FormatError, match="half of the resume state"):
        parse(b"".join(pack({"project.json": project, "resume.json": b"{}"})))


def test_suffix_decides_what_is_written_and_content_what_is_read(tmp_path: Path, rng: np.random.Generator) -> None:
    file = contents(rng)
    project_file.write(tmp_path / "net.json", file.project, file.weights, file.resume)
    assert project_file.read(tmp_path / "net.json").weights is None
    project_file.write(tmp_path / "net.gradloom", file.project, file.weights)
    (tmp_path / "net.gradloom").rename(tmp_path / "renamed.json")
    assert project_file.read(tmp_path / "renamed.json").weights is not None


@pytest.mark.parametrize("name", ["", "no/such/file.json", "\0.json", "x" * 5000])
def test_what_cannot_be_opened_is_a_format_error(name: str) -> None:
    with pytest.raises(FormatError):
        project_file.read(name)


def test_folders_pipes_and_devices_are_no_files(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path, tmp_path / "pipe.json", Path("/dev/zero")):
        with pytest.raises(FormatError):
            project_file.read(path)


def test_sparse_giant_is_refused_by_its_size(tmp_path: Path) -> None:
    with open(tmp_path / "big.json", "wb") as f:
        f.truncate(1 << 40)
    started = time.thread_time()
    with pytest.raises(FormatError, match="too large"):
        project_file.read(tmp_path / "big.json")
    assert time.thread_time() - started < 0.5


def test_relative_data_paths_follow_a_move(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "points.csv").write_text("x,y\n1,2\n")
    project = Project(data=DataSetup(Spec("csv", {"path": "points.csv"})))
    there = moved(project, tmp_path / "a", tmp_path / "b" / "c")
    assert there.data.source.params["path"] == "../../a/points.csv"
    assert moved(there, tmp_path / "b" / "c", tmp_path / "a") == project
    missing = Project(data=DataSetup(Spec("csv", {"path": "gone.csv"})))
    assert moved(missing, tmp_path / "a", tmp_path / "b") is missing
