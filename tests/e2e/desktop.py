"""A display of its own with a window manager, a mouse and keys; and the program on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("Xvfb", "openbox", "xdotool")


def missing_tools() -> str:
    """What is not installed, as a reason to skip; "" if all is there."""
    missing = [t for t in TOOLS if shutil.which(t) is None]
    return f"{', '.join(missing)} not installed (apt-get install xvfb openbox xdotool)" if missing else ""


class Desktop:
    """Xvfb with openbox. ``close`` ends both."""

    def __init__(self, size: str = "1440x900") -> None:
        reading, writing = os.pipe()
        self.size = size
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
            pass_fds=(writing,),
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as told:
            self.display = ":" + told.readline().strip()
        self.env = {**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb", "NO_AT_BRIDGE": "1"}
        self.manager = subprocess.Popen(["openbox"], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def xdo(self, *words: object) -> str:
        """One xdotool command."""
        done = subprocess.run(
            ["xdotool", *map(str, words)], env=self.env, capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout.strip()

    def move(self, at: list[int]) -> None:
        """The pointer goes there."""
        self.xdo("mousemove", "--sync", *at)

    def click(self, at: list[int], button: int = 1, times: int = 1) -> None:
        """A click."""
        self.move(at)
        self.xdo("click", "--repeat", times, "--delay", 60, button)
        time.sleep(0.1)

    def drag(self, start: list[int], end: list[int]) -> None:
        """Press, a few steps on the way, release: as a hand does it."""
        self.move(start)
        self.xdo("mousedown", 1)
        time.sleep(0.15)
        for k in range(1, 13):
            x, y = (round(a + (b - a) * k / 12) for a, b in zip(start, end))
            self.xdo("mousemove", x, y)
            time.sleep(0.025)
        time.sleep(0.25)
        self.xdo("mouseup", 1)
        time.sleep(0.3)

    def key(self, *names: str) -> None:
        """Keys, one after the other: "ctrl+z"."""
        for name in names:
            self.xdo("key", "--clearmodifiers", name)
            time.sleep(0.05)

    def type(self, text: str) -> None:
        """Text into whatever has the focus."""
        self.xdo("type", "--delay", 15, text)

    def close(self) -> None:
        """Ends manager and display."""
        for process in (self.manager, self.server):
            process.terminate()
            process.wait(10)


class Program:
    """The program under test and its witness."""

    def __init__(self, desktop: Desktop, home: Path, *arguments: str) -> None:
        places = {"HOME": home, "XDG_CONFIG_HOME": home / "config", "XDG_DATA_HOME": home / "data"}
        env = {**desktop.env, **{k: str(v) for k, v in places.items()}, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        self.errors = home / "stderr.txt"
        self.started = time.monotonic()
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.driven", *arguments],
                cwd=ROOT,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.wait(lambda: self.ask("ready") is True, 60)
        self.ready_after = time.monotonic() - self.started

    def ask(self, what: str, **values: Any) -> Any:
        """A question to the witness."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"ask": what, **values}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the program ended: {self.errors.read_text()[-2000:]}")
        told = json.loads(line)
        if isinstance(told, dict) and "error" in told:
            raise LookupError(f"{what} {values}: {told['error']}")
        return told

    @property
    def state(self) -> dict[str, Any]:
        """Document, training and plots."""
        found = self.ask("state")
        assert isinstance(found, dict)
        return found

    def wait(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Until it is so; AssertionError after that long."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"not within {seconds} s; stderr: {self.errors.read_text()[-1500:]}")
            time.sleep(0.05)

    def close(self) -> int:
        """Kills it if it is still there; its exit code."""
        if self.process.poll() is None:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        return self.process.wait(10)
