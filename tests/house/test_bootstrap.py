"""The set-up script's decisions; its deeds are shown by the fresh clone of each CI run."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script as a module, with the environment moved to a folder of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", ROOT / "resources" / "bootstrap.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    venv.mkdir()
    monkeypatch.setattr(module, "VENV", venv)
    monkeypatch.setattr(module, "STAMP", venv / "stamp.json")
    monkeypatch.setattr(module, "LOG", venv / "log")
    return module


def test_only_what_the_probe_misses_is_named(bootstrap: ModuleType) -> None:
    assert bootstrap.missing_libraries(lambda name: True) == []
    assert bootstrap.missing_libraries(lambda name: name != "libEGL.so.1") == ["libEGL.so.1"]
    assert bootstrap.missing_libraries(lambda name: False) == list(bootstrap.LIBRARIES)


def test_probe_tells_a_library_from_a_name(bootstrap: ModuleType) -> None:
    assert not bootstrap.loads("libgradloom-no-such.so.1")
    if sys.platform.startswith("linux"):
        assert bootstrap.loads("libc.so.6")


def test_the_packages_are_the_tried_ones(bootstrap: ModuleType) -> None:
    tried = (
        "libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libgssapi-krb5-2 libgomp1 libxcb-cursor0 "
        "libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxkbcommon-x11-0 libwayland-cursor0"
    )
    assert [debian for debian, _ in bootstrap.LIBRARIES.values()] == tried.split()
    assert bootstrap.missing_tools(lambda command: None) == ["xvfb", "openbox", "xdotool"]
    assert bootstrap.missing_tools(lambda command: "/usr/bin/" + command) == []


@pytest.mark.skipif(sys.platform != "linux", reason="shared objects are Linux's")
def test_every_library_that_the_wheels_need_is_there_or_probed(bootstrap: ModuleType) -> None:
    """After set-up the table has no hole: nothing that Qt's own libraries ask for is missing here."""
    import PySide6

    assert bootstrap.missing_libraries() == []
    qt = Path(PySide6.__file__).parent / "Qt"
    asked = [*(qt / "lib").glob("libQt6Gui.so*"), *(qt / "lib").glob("libQt6Widgets.so*")]
    asked += [*(qt / "plugins" / "platforms").glob("libq*.so"), qt / "lib" / "libQt6XcbQpa.so.6"]
    used = ("libqxcb.so", "libqoffscreen.so", "libqwayland", "libQt6")
    asked = [file for file in asked if file.name.startswith(used)]
    assert asked
    lines = [line for file in asked for line in _ldd(file)]
    assert [line for line in lines if "not found" in line] == []


def _ldd(file: Path) -> list[str]:
    done = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("environ", "platform", "shown"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({}, "win32", True),
        ({}, "darwin", True),
    ],
)
def test_display(bootstrap: ModuleType, environ: dict[str, str], platform: str, shown: bool) -> None:
    assert bootstrap.has_display(environ, platform) is shown


@pytest.mark.parametrize(
    ("arguments", "window"),
    [
        ([], True),
        (["net.json"], True),
        (["some/folder/net.gradloom"], True),
        (["folder/net"], True),
        (["train", "net.json"], False),
        (["export", "net.json", "--to", "png"], False),
        (["--help"], False),
        (["--version"], False),
    ],
)
def test_a_command_needs_no_window(bootstrap: ModuleType, arguments: list[str], window: bool) -> None:
    assert bootstrap.wants_window(arguments) is window


def test_forms_name_their_extras(bootstrap: ModuleType) -> None:
    assert bootstrap.extras("run", False, False) == ["onnx"]
    assert bootstrap.extras("test", False, False) == ["onnx", "test"]
    assert bootstrap.extras("test", True, True) == ["onnx", "test", "parity", "cuda12"]


def test_the_extras_exist(bootstrap: ModuleType) -> None:
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(bootstrap.extras("test", True, True)) <= set(declared)


def test_every_dependency_has_a_tested_version() -> None:
    import re
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [name for extra in project["optional-dependencies"].values() for name in extra]
    lines = (ROOT / "resources" / "constraints.txt").read_text().splitlines()
    tested = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    names = {re.split(r"[\[<>=!~ ]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names - tested == set()


def test_stamp_is_per_extra_and_falls_with_what_decides(bootstrap: ModuleType, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    (root / "resources").mkdir(parents=True)
    (root / "pyproject.toml").write_text("one")
    (root / "resources" / "constraints.txt").write_text("two")
    now = bootstrap.fingerprint(root)
    assert bootstrap.fingerprint(root) == now
    assert bootstrap.outdated(["onnx"], {}, now) == ["onnx"]
    assert bootstrap.outdated(["onnx"], {"onnx": now}, now) == []
    assert bootstrap.outdated(["onnx", "test"], {"onnx": now}, now) == ["test"]
    (root / "resources" / "constraints.txt").write_text("three")
    assert bootstrap.outdated(["onnx"], {"onnx": now}, bootstrap.fingerprint(root)) == ["onnx"]
    moved = root.rename(tmp_path / "moved")
    (moved / "resources" / "constraints.txt").write_text("two")
    assert bootstrap.fingerprint(moved) != now


@pytest.mark.parametrize("text", ["", "not json", "[1]", '"x"'])
def test_a_damaged_stamp_means_nothing_is_installed(bootstrap: ModuleType, tmp_path: Path, text: str) -> None:
    (tmp_path / "stamp").write_text(text)
    assert bootstrap.read_stamp(tmp_path / "stamp") == {}
    assert bootstrap.read_stamp(tmp_path / "absent") == {}


def test_preparing_twice_installs_once(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "system_packages", lambda *a: None)
    monkeypatch.setattr(bootstrap, "make_environment", lambda python: None)
    monkeypatch.setattr(bootstrap, "install", installed.append)
    monkeypatch.setattr(bootstrap, "has_nvidia_driver", lambda: False)
    monkeypatch.setattr(bootstrap, "venv_python", lambda: Path(sys.executable))
    bootstrap.prepare("run", False, False, False)
    bootstrap.prepare("run", False, False, False)
    assert installed == [["onnx"]]
    bootstrap.prepare("test", False, False, False)
    bootstrap.prepare("run", False, False, False)
    assert installed == [["onnx"], ["onnx", "test"]]
    assert set(json.loads(bootstrap.STAMP.read_text())) == {"onnx", "test"}


def test_a_failed_installation_is_not_stamped(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(wanted: list[str]) -> None:
        raise SystemExit("no network")

    monkeypatch.setattr(bootstrap, "system_packages", lambda *a: None)
    monkeypatch.setattr(bootstrap, "make_environment", lambda python: None)
    monkeypatch.setattr(bootstrap, "install", fails)
    with pytest.raises(SystemExit, match="no network"):
        bootstrap.prepare("run", False, False, False)
    assert not bootstrap.STAMP.exists()


def test_a_tested_interpreter_is_preferred(bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    nothing, path = (lambda name: None), {"python3.12": "/usr/bin/python3.12"}
    assert bootstrap.choose_python((3, 12), "me", nothing) == "me"
    assert bootstrap.choose_python((3, 15), "me", path.get, lambda p: (3, 12)) == "/usr/bin/python3.12"
    assert "3.15" in capsys.readouterr().out
    assert bootstrap.choose_python((3, 15), "me", nothing) == "me"
    assert "newer than" in capsys.readouterr().out
    assert bootstrap.choose_python((3, 9), "me", path.get, lambda p: (3, 12)) == "/usr/bin/python3.12"
    # A pyenv shim is on the path, but does not run.
    assert bootstrap.choose_python((3, 15), "me", path.get, lambda p: None) == "me"
    with pytest.raises(SystemExit, match=r"needs Python 3\.11"):
        bootstrap.choose_python((3, 9), "me", nothing)


class _Apt:
    """Stands in for subprocess: records what would run, answers as a machine without package lists would."""

    def __init__(self, module: ModuleType, monkeypatch: pytest.MonkeyPatch, root: bool, known: bool) -> None:
        self.ran: list[list[str]] = []
        code = 0 if known else 100
        monkeypatch.setattr(module.os, "geteuid", lambda: 0 if root else 1000)
        monkeypatch.setattr(module.shutil, "which", lambda name: "/usr/bin/" + name)
        monkeypatch.setattr(module.subprocess, "run", lambda c, **k: subprocess.CompletedProcess(c, code))
        monkeypatch.setattr(module.subprocess, "call", lambda c: self.ran.append([w for w in c if "=" not in w]) or 0)


def test_root_installs_at_once(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = _Apt(bootstrap, monkeypatch, root=True, known=True)
    assert bootstrap.apt_install(["libegl1"], yes=False)
    assert apt.ran == [["env", "apt-get", "install", "-y", "--no-install-recommends", "libegl1"]]


def test_unknown_packages_fetch_the_lists_once(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = _Apt(bootstrap, monkeypatch, root=True, known=False)
    assert bootstrap.apt_install(["libegl1", "libgl1"], yes=False)
    assert [command[2] for command in apt.ran] == ["update", "install"]


def test_others_are_asked(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = _Apt(bootstrap, monkeypatch, root=False, known=True)
    monkeypatch.setattr(bootstrap.sys, "stdin", None)
    assert not bootstrap.apt_install(["libegl1"], yes=False)
    assert apt.ran == []
    assert bootstrap.apt_install(["libegl1"], yes=True)
    assert apt.ran[0][:3] == ["sudo", "env", "apt-get"]


def test_without_apt_libraries_are_named(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/dnf" if name == "dnf" else None)
    bootstrap.other_system(["libGL.so.1", "libxcb-shape.so.0"], needs_venv=False)
    assert "dnf install mesa-libGL libxcb" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="ensurepip"):
        bootstrap.other_system([], needs_venv=True)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Collecting numpy<2.6,>=2.1 (from gradloom)\n", "needs numpy<2.6,>=2.1"),
        ("  Downloading numpy-2.4.6-cp311-cp311.whl.metadata (62 kB)\n", None),
        ("  Downloading numpy-2.4.6-cp311-cp311.whl (16.9 MB)\n", "fetching numpy-2.4.6-cp311-cp311.whl (16.9 MB)"),
        ("Installing collected packages: a, b, c\n", "unpacking 3 packages"),
        ("ERROR: No matching distribution\n", "ERROR: No matching distribution"),
        ("  Preparing metadata (setup.py): started\n", None),
        ("\n", None),
    ],
)
def test_progress(bootstrap: ModuleType, line: str, shown: str | None) -> None:
    assert bootstrap.progress_line(line) == shown


def test_silence_is_broken(bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    code = "import time; print('Collecting a', flush=True); time.sleep(0.4); print('Collecting b', flush=True)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        bootstrap.follow(process, time.monotonic(), silence=0.1)
    shown = capsys.readouterr().out
    assert "needs a" in shown and "needs b" in shown and "still at it: needs a" in shown
    assert bootstrap.LOG.read_text() == "Collecting a\nCollecting b\n"


@pytest.mark.parametrize(("ready", "compiled", "asked"), [(0, 0, 1), (3, 0, 2), (3, 1, 2), (1, 0, 1)])
def test_kernels_are_compiled_once_and_their_lack_is_no_obstacle(
    bootstrap: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ready: int,
    compiled: int,
    asked: int,
) -> None:
    answers, calls = [ready, compiled], []
    monkeypatch.setattr(bootstrap, "call", lambda command, **_: (calls.append(command), answers[len(calls) - 1])[1])
    bootstrap.compile_kernels()
    assert len(calls) == asked
    assert ("uses NumPy instead" in capsys.readouterr().out) == (asked == 2 and compiled != 0)


def test_without_display_the_main_job_runs_in_the_terminal(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(bootstrap, "has_display", lambda environ: False)
    monkeypatch.setattr(bootstrap, "call", lambda command, **environ: ran.append((command[4:], environ)) or 0)
    monkeypatch.chdir(tmp_path)
    assert bootstrap.start("run", []) == 0
    sample, picture = str(ROOT / "samples" / "fashion_cnn.json"), str(tmp_path / "gradloom.png")
    assert ran[0] == (["train", sample, "--epochs", "1"], {})
    assert ran[1] == (["export", sample, "--to", "png", "-o", picture], {"QT_QPA_PLATFORM": "offscreen"})
    assert picture in capsys.readouterr().out
    assert bootstrap.start("run", ["info", "x.json"]) == 0
    assert ran[2] == (["info", "x.json"], {})


@pytest.mark.parametrize(
    ("arguments", "cores", "added"),
    [
        ([], 2, ["-n", "2", "--dist", "worksteal"]),
        (["tests/house", "-x"], 64, ["-n", "4", "--dist", "worksteal"]),
        ([], 1, []),
        (["-n0"], 2, []),
        (["--pdb"], 2, []),
        (["-p", "no:xdist"], 2, []),
    ],
)
def test_tests_are_shared_out_over_the_cores(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, arguments: list[str], cores: int, added: list[str]
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    assert bootstrap.side_by_side(arguments) == added


def test_exit_codes_come_back(bootstrap: ModuleType) -> None:
    assert bootstrap.call([sys.executable, "-c", "raise SystemExit(7)"]) == 7
    if sys.platform != "win32":
        assert bootstrap.call([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == 137


def test_wrong_words_get_the_usage(bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main([]) == 2
    assert bootstrap.main(["install"]) == 2
    assert bootstrap.main(["--help"]) == 0
    assert "bootstrap.py test" in capsys.readouterr().out
    assert bootstrap.main(["run", "--parity"]) == 2
