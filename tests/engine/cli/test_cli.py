"""The command line as a program: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends import available
from engine.cli.progress import CompilationBar
from engine.files.project_file import read
from engine.files.weights import read_weights

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "samples"
XOR = str(SAMPLES / "xor_mlp.json")


def gradloom(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """``gradloom ARGUMENTS`` as an own process."""
    return subprocess.run(
        [sys.executable, "-m", "designer", *arguments], capture_output=True, text=True, timeout=120,
        cwd=cwd or ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )  # fmt: skip


def refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    """One clear line on stderr, nothing else, and that exit code."""
    assert done.returncode == code, done
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("gradloom: "), done.stderr
    for word in words:
        assert word in lines[0], lines[0]


def test_train_writes_what_was_asked_for(tmp_path: Path) -> None:
    done = gradloom(
        "train", XOR, "--epochs", "3", "--seed", "5", "--metrics", str(tmp_path / "m.jsonl"),
        "--weights", str(tmp_path / "w.safetensors"), "--save", str(tmp_path / "net.gradloom"),
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == "", done
    # 360 of 600 points in batches of 10
    assert done.stdout.startswith("epoch 1/3  step 36  loss ") and "\ntest: loss " in done.stdout
    lines: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert [(e["epoch"], e["split"]) for e in lines] == [
        (1, "train"), (1, "validation"), (2, "train"), (2, "validation"), (3, "train"), (3, "validation"), (3, "test"),
    ]  # fmt: skip
    for entry in lines:
        assert list(entry) == ["epoch", "step", "split", "loss", "accuracy", "seconds"]
        assert entry["loss"] > 0 and 0 <= entry["accuracy"] <= 1 and entry["step"] == 36 * entry["epoch"]
    weights = read_weights(tmp_path / "w.safetensors")
    saved = read(tmp_path / "net.gradloom")
    assert saved.project.training.seed == 5 and saved.weights is not None and set(saved.weights) == set(weights)
    assert all(np.array_equal(saved.weights[k], weights[k]) for k in weights)


def test_resumed_training_is_bit_equal_to_one_that_never_stopped(tmp_path: Path) -> None:
    whole, half, rest = (str(tmp_path / f"{n}.gradloom") for n in ("whole", "half", "rest"))
    assert gradloom("train", XOR, "--epochs", "6", "--save", whole, "--quiet").stdout == ""
    assert gradloom("train", XOR, "--epochs", "2", "--save", half, "--quiet").returncode == 0
    assert gradloom("train", half, "--resume", "--epochs", "6", "--save", rest, "--quiet").returncode == 0
    a, b = read(whole).weights, read(rest).weights
    assert a is not None and b is not None
    assert all(a[k].tobytes() == b[k].tobytes() for k in a)


def test_a_resume_says_that_the_data_are_others_now(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "data", tmp_path / "data")
    shutil.copy(SAMPLES / "vanishing_gradients.json", tmp_path / "net.json")
    half, table = str(tmp_path / "half.gradloom"), tmp_path / "data" / "circle_playground.csv"
    assert gradloom("train", str(tmp_path / "net.json"), "--epochs", "1", "--save", half).returncode == 0
    assert gradloom("train", half, "--resume", "--epochs", "2").stderr == ""
    lines = table.read_text().splitlines()
    table.write_text("\n".join((lines[0], lines[2], lines[2], *lines[3:])) + "\n")
    told = gradloom("train", half, "--resume", "--epochs", "2")
    assert told.returncode == 0 and "the data are not those" in told.stderr and "step 50" in told.stdout


def test_values_are_measured_by_their_error(tmp_path: Path) -> None:
    done = gradloom(
        "train", str(SAMPLES / "vanishing_gradients.json"), "--epochs", "2", "--metrics", str(tmp_path / "m.jsonl")
    )
    assert done.returncode == 0, done
    entries = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert all(e["error"] is not None and "accuracy" not in e for e in entries)


def test_a_backend_that_is_not_there_is_refused_with_the_list() -> None:
    for name in {"cupy", "tape", "abacus"} - set(available()):
        refused(gradloom("train", XOR, "--backend", name), name, ", ".join(available()))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "gone.json"), ("gone.json", "No such file")),
        (("train",), ("FILE",)),
        (("train", XOR, "--epochs", "0"), ("--epochs", "1 or more")),
        (("train", XOR, "--seed", "x"), ("--seed", "whole number")),
        (("train", XOR, "--weights", "/no/such/folder/w"), ("no such folder",)),
        (("export", XOR, "--to", "png", "-o", "/no/such/folder/x.png"), ("gradloom: /no/such/folder/x.png: No such",)),
        (("train", XOR, "--save", "net.json"), (".gradloom",)),
        (("train", XOR, "--resume"), ("no state to resume from",)),
        (("train", "README.md"), ("README.md", "not a Gradloom project")),
        (("info", "."), ("no file",)),
        (("trian", XOR), ("trian",)),
        (("export", XOR, "--to", "tiff", "-o", "x"), ("tiff", "onnx")),
        (("predict", XOR, "--input", "x.csv"), ("no trained weights", "--save")),
        (("--nonsense",), ("COMMAND", "--help")),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    refused(gradloom(*arguments), *words)


def test_ctrl_c_stops_cleanly_and_writes_what_was_asked_for(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "designer", "train", XOR, "--epochs", "1000000",
         "--save", str(tmp_path / "net.gradloom"), "--metrics", str(tmp_path / "m.jsonl"),
         "--weights", str(tmp_path / "w.safetensors")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    with child:
        assert child.stdout is not None and child.stdout.readline().startswith("epoch 1/1000000")
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    assert child.returncode == 130 and err == "" and "stopped after" in out
    saved = read(tmp_path / "net.gradloom")
    assert saved.resume is not None and read_weights(tmp_path / "w.safetensors")
    last = json.loads((tmp_path / "m.jsonl").read_text().splitlines()[-1])
    assert saved.resume.scalars["step"] >= last["step"] > 0


def test_divergence_is_told_with_layer_and_advice(tmp_path: Path) -> None:
    whole = json.loads((SAMPLES / "vanishing_gradients.json").read_text())
    whole["training"]["optimizer"] = {"type": "sgd", "rate": 1e30}
    whole["nodes"][7]["params"].pop("activation")
    whole["data"]["source"]["path"] = str(SAMPLES / "data" / "circle_playground.csv")
    (tmp_path / "net.json").write_text(json.dumps(whole))
    done = gradloom("train", str(tmp_path / "net.json"), "--epochs", "50")
    assert done.returncode == 1 and "diverged at step" in done.stdout and "learning rate" in done.stdout, done


def test_info_lists_layers_with_totals() -> None:
    done = gradloom("info", str(SAMPLES / "fashion_cnn.json"))
    assert done.returncode == 0 and done.stderr == ""
    assert "N x 32 x 28 x 28" in done.stdout and "18,496" in done.stdout
    # by hand: 320 + 18,496 + 3,136 * 128 + 128 + 1,290
    assert "parameters: 421,642, of which 421,642 are trained" in done.stdout


def test_check_tells_problems_and_fails(tmp_path: Path) -> None:
    assert gradloom("check", XOR).returncode == 0
    whole = json.loads((SAMPLES / "digits_mlp.json").read_text())
    flat = next(n["id"] for n in whole["nodes"] if n["type"] == "flatten")
    whole["nodes"] = [n for n in whole["nodes"] if n["id"] != flat]
    before = next(e["from"] for e in whole["edges"] if e["to"] == flat)
    after = next(e["to"] for e in whole["edges"] if e["from"] == flat)
    whole["edges"] = [e for e in whole["edges"] if flat not in e.values()] + [{"from": before, "to": after}]
    (tmp_path / "net.json").write_text(json.dumps(whole))
    done = gradloom("check", str(tmp_path / "net.json"))
    assert done.returncode == 1
    assert "error: hidden 1" in done.stdout and "1 x 8 x 8" in done.stdout and "Insert Flatten" in done.stdout


def test_check_looks_at_the_data_too(tmp_path: Path) -> None:
    whole = json.loads(Path(XOR).read_text())
    whole["data"]["source"] = "iris"
    (tmp_path / "net.json").write_text(json.dumps(whole))
    done = gradloom("check", str(tmp_path / "net.json"))
    assert done.returncode == 1 and "error: input 'in' expects samples of shape 2" in done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "xor.gradloom"
    assert gradloom("train", XOR, "--save", str(path), "--quiet").returncode == 0
    return path


def test_predict_answers_a_table(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("x1,x2\n3,3\n-3,3\n-3,-3\n3,-3\n")
    done = gradloom("predict", str(trained), "--input", str(tmp_path / "new.csv"))
    assert done.returncode == 0, done
    assert [line.split()[1] for line in done.stdout.splitlines()[2:]] == ["+1", "-1", "+1", "-1"]
    as_json = gradloom("predict", str(trained), "--input", str(tmp_path / "new.csv"), "--json")
    rows = [json.loads(line) for line in as_json.stdout.splitlines()]
    assert [r["prediction"] for r in rows] == ["+1", "-1", "+1", "-1"]
    assert all(abs(sum(r["probabilities"].values()) - 1) < 1e-6 for r in rows)


def test_predict_refuses_what_does_not_fit(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("x1,x2\n3,three\n")
    refused(gradloom("predict", str(trained), "--input", str(tmp_path / "bad.csv")), "bad.csv")
    refused(gradloom("predict", str(trained), "--input", str(tmp_path / "none.csv")), "none.csv")
    np.savez(tmp_path / "other.npz", x=np.zeros((2, 7)))
    refused(gradloom("predict", str(trained), "--input", str(tmp_path / "other.npz")), "another shape")


def test_weights_of_another_network_are_refused(trained: Path, tmp_path: Path) -> None:
    gradloom(
        "train", str(SAMPLES / "perceptron_xor.json"), "--epochs", "1", "--weights", str(tmp_path / "w.safetensors")
    )
    (tmp_path / "x.csv").write_text("x1,x2\n1,1\n")
    done = gradloom(
        "predict", str(trained), "--input", str(tmp_path / "x.csv"), "--weights", str(tmp_path / "w.safetensors")
    )
    refused(done, "w.safetensors", "hidden/weight: this weight is missing")


@pytest.mark.parametrize("kind", ["onnx", "pytorch", "keras"])
def test_export_writes_program_and_weights(trained: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / ("net.onnx" if kind == "onnx" else "net.py")
    done = gradloom("export", str(trained), "--to", kind, "-o", str(out))
    assert done.returncode == 0 and done.stderr == "", done
    assert sorted(p.name for p in tmp_path.iterdir()) == (
        ["net.onnx"] if kind == "onnx" else ["net.py", "net.safetensors"]
    )
    untrained = gradloom("export", XOR, "--to", kind, "-o", str(out))
    assert untrained.returncode == 0 and "initial ones of seed 0" in untrained.stderr


def test_help_names_every_command_and_option() -> None:
    done = gradloom("--help")
    assert done.returncode == 0
    for word in ("train", "info", "check", "export", "predict", "--version", "window"):
        assert word in done.stdout
    text = gradloom("train", "--help").stdout
    for word in ("--epochs", "--seed", "--backend", "--metrics", "--weights", "--deterministic", "--quiet", "--resume"):
        assert word in text


def test_version() -> None:
    done = gradloom("--version")
    assert done.returncode == 0 and done.stdout.startswith("gradloom 0.")


def test_reader_that_leaves_is_no_error() -> None:
    line = f"{sys.executable} -m designer info {SAMPLES / 'fashion_cnn.json'} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and done.stderr == ""


NOTHING_HEAVY = """
import sys
sys.argv = ["gradloom", "info", sys.argv[1]]
from designer.__main__ import main
assert main() == 0
heavy = {"PySide6", "pyqtgraph", "numba", "onnx", "torch", "networkx", "PIL"} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_command_loads_neither_qt_nor_anything_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", NOTHING_HEAVY, XOR], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


BAR = """
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.executable, [sys.executable, "-m", "designer", "train", sys.argv[1], "--epochs", "40"])
out = b""
try:
    while chunk := os.read(fd, 65536):
        out += chunk
except OSError:
    pass
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(out)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_terminal_gets_a_bar_with_the_time_left() -> None:
    done = subprocess.run([sys.executable, "-c", BAR, XOR], capture_output=True, cwd=ROOT)
    if b"out of pty devices" in done.stderr:
        pytest.skip("no /dev/pts is mounted here: the system has no terminal to give")
    text = done.stdout.decode()
    assert done.returncode == 0 and "ETA" in text and "steps/s" in text and "[" in text
    assert "all epochs done after 40 epochs" in text


@pytest.mark.parametrize(("terminal", "quiet"), [(True, False), (False, False), (True, True)])
def test_a_compilation_is_told_with_its_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool, quiet: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    bar = CompilationBar(quiet)
    for done in range(4):
        bar(done, 3, "dense")
    said = capsys.readouterr().err
    if quiet:
        assert said == ""
    elif terminal:
        assert "1 of 3  ETA 0:0" in said and said.endswith("\r\x1b[K")
    else:
        assert said == "compiling the fast kernels, once\n"
