"""The runner of the long counts: what it finds, and that a failure is a failure."""

from __future__ import annotations

import sys
from types import ModuleType
from unittest import SkipTest

import pytest

from tests.long import __main__ as runner


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int | None]]:
    """Three counts: one holds, one does not, one raises; the calls of the first are recorded."""
    calls: list[tuple[int, int | None]] = []

    def holds(seed: int, count: int | None) -> bool:
        calls.append((seed, count))
        return True

    def raises(seed: int, count: int | None) -> bool:
        raise ValueError("planted")

    for name, run in {"holds": holds, "fails": lambda seed, count: False, "raises": raises}.items():
        module = ModuleType(f"tests.long.{name}", f"The planted one that {name}.\n\nMore.")
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(runner, "names", lambda: ["fails", "holds", "raises"])
    return calls


def test_what_holds_is_zero(planted: list[tuple[int, int | None]], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["holds", "--seed", "7", "--count", "3"]) == 0
    assert planted == [(7, 3)]
    assert "seed 7" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["fails", "raises"])
def test_what_fails_is_one(planted: list[object], capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert runner.main([name]) == 1
    assert "FAILED " + name in capsys.readouterr().out


def test_one_failure_stops_nothing_but_counts(planted: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main([]) == 1
    assert "held   holds" in capsys.readouterr().out and planted == [(0, None)]


def test_what_cannot_run_here_is_neither(
    planted: list[object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(seed: int, count: int | None) -> bool:
        raise SkipTest("no such machine")

    monkeypatch.setattr(sys.modules["tests.long.fails"], "run", away)
    assert runner.main(["fails", "holds"]) == 0
    printed = capsys.readouterr().out
    assert "skipped: no such machine" in printed and "skipped fails" in printed and "held   fails" not in printed


def test_list_and_unknown(planted: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["--list"]) == 0
    assert "The planted one that holds." in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        runner.main(["nothing"])
    assert stopped.value.code == 2 and planted == []


def test_every_module_here_can_run() -> None:
    import importlib

    for name in runner.names():
        module = importlib.import_module(f"tests.long.{name}")
        assert callable(module.run) and module.__doc__
