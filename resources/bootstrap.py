#!/usr/bin/env python3
"""Set-up and start in one file, standard library only.

    python3 resources/bootstrap.py run  [FILE or command ...]    install what is missing, then start Gradloom
    python3 resources/bootstrap.py test [pytest arguments ...]   install what is missing, then run the tests

    --yes      install system packages without asking
    --gpu      add CuPy for CUDA 12 even where no NVIDIA driver is found (where one is found it is added anyway)
    --parity   (test) add PyTorch, Keras and ONNX Runtime, which judge our numbers; large, so not by default

Everything goes into .venv beside this folder; only shared libraries that Qt needs come from the system's packages.
"""

# Kept readable by older Pythons than the program needs, so that they can say what is wrong instead of a SyntaxError.
from __future__ import annotations

import ctypes
import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "gradloom-installed.json"
LOG = VENV / "gradloom-install.log"
SAMPLE = ROOT / "samples" / "fashion_cnn.json"

OLDEST_TESTED, NEWEST_TESTED = (3, 11), (3, 13)
FLAGS = ("--yes", "--gpu", "--parity")

# Shared library -> (Debian and Ubuntu package, Fedora package): what the wheels of Qt and numba load, but do not bring.
LIBRARIES = {
    "libGL.so.1": ("libgl1", "mesa-libGL"),
    "libEGL.so.1": ("libegl1", "mesa-libEGL"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libgssapi_krb5.so.2": ("libgssapi-krb5-2", "krb5-libs"),
    "libgomp.so.1": ("libgomp1", "libgomp"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libwayland-cursor.so.0": ("libwayland-cursor0", "libwayland-cursor"),
}
# Command -> Debian package: a screen, a window manager and a mouse for the real-window tests.
WINDOW_TOOLS = {"Xvfb": "xvfb", "openbox": "openbox", "xdotool": "xdotool"}


def say(text: str) -> None:
    """A line that is seen at once, also through a pipe."""
    print(text, flush=True)


def loads(library: str) -> bool:
    """Whether the dynamic linker finds it."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_libraries(probe=loads) -> list[str]:
    """The shared libraries of LIBRARIES that ``probe`` does not find, in table order."""
    return [name for name in LIBRARIES if not probe(name)]


def missing_tools(find=shutil.which) -> list[str]:
    """Debian packages of the real-window tests' commands that are not on the path."""
    return [package for command, package in WINDOW_TOOLS.items() if not find(command)]


def venv_package(python: str, version: tuple[int, int]) -> str:
    """Debian's package with ensurepip for this interpreter: the default one's has no number in its name."""
    named = Path(python).resolve().name == "python{}.{}".format(*version)
    default = Path("/usr/bin/python3").resolve().name == "python{}.{}".format(*version)
    return "python{}.{}-venv".format(*version) if named and not default else "python3-venv"


def has_display(environ, platform: str = sys.platform) -> bool:
    """Whether a window can be shown: always outside Linux; a chosen Qt platform is taken at its word."""
    if not platform.startswith("linux"):
        return True
    return any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def wants_window(arguments: list[str]) -> bool:
    """Whether these arguments open the window: none, or a file; a command such as ``train`` needs no display."""
    if not arguments:
        return True
    first = arguments[0]
    return not first.startswith("-") and ("." in first or os.sep in first or Path(first).is_file())


def extras(form: str, parity: bool, gpu: bool) -> list[str]:
    """The optional dependency sets of a form."""
    chosen = ["onnx"]
    if form == "test":
        chosen.append("test")
    if parity:
        chosen.append("parity")
    if gpu:
        chosen.append("cuda12")
    return chosen


def has_nvidia_driver(probe=loads) -> bool:
    """Whether the CUDA driver's library is there; the toolkit comes with the extra."""
    return probe("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")


def fingerprint(root: Path = ROOT) -> str:
    """SHA-256 of what decides an installation: the declared dependencies, the tested versions and the place."""
    digest = hashlib.sha256(str(root).encode())
    for name in ("pyproject.toml", "resources/constraints.txt"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def read_stamp(path: Path) -> dict[str, str]:
    """Extra -> fingerprint it was installed under; an absent or damaged stamp means nothing is installed."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def outdated(wanted: list[str], stamp: dict[str, str], now: str) -> list[str]:
    """The extras that were never installed, or under another fingerprint."""
    return [extra for extra in wanted if stamp.get(extra) != now]


# Choosing an interpreter


def version_of(python: str) -> tuple[int, int] | None:
    """(major, minor) of an interpreter that runs and can make environments, else None (a pyenv shim may not run)."""
    code = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    numbers = done.stdout.split()
    return (int(numbers[0]), int(numbers[1])) if done.returncode == 0 and len(numbers) == 2 else None


def choose_python(running: tuple[int, int], executable: str, find=shutil.which, version=version_of) -> str:
    """The running interpreter if it is a tested one, else a tested one from the path, else the running one if newer."""
    if OLDEST_TESTED <= running <= NEWEST_TESTED:
        return executable
    for minor in range(NEWEST_TESTED[1], OLDEST_TESTED[1] - 1, -1):
        other = find(f"python3.{minor}")
        if other and version(other) == (3, minor):
            say("This is Python {}.{}; taking the tested {}.".format(*running, other))
            return other
    if running < OLDEST_TESTED:
        text = "Gradloom needs Python {}.{} or newer; this is {}.{}, and no other was found."
        raise SystemExit(text.format(*OLDEST_TESTED, *running))
    text = "Python {}.{} is newer than what Gradloom was tested with ({}.{} to {}.{}); going on with it."
    say(text.format(*running, *OLDEST_TESTED, *NEWEST_TESTED))
    return executable


# System packages


def agreed(yes: bool) -> bool:
    """The user's word, by --yes or at the prompt; without a terminal to ask at it is no."""
    if yes:
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    return input("Run this now? [y/N] ").strip().lower() in ("y", "yes")


def apt_install(packages: list[str], yes: bool) -> bool:
    """Installs Debian packages: as root at once, else by sudo and only if agreed. False if not agreed."""
    prefix = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    install = ["install", "-y", "--no-install-recommends", *packages]
    say("System packages needed: " + " ".join(packages))
    if os.geteuid() != 0:
        say("  sudo apt-get " + " ".join(install))
        if not shutil.which("sudo") or not agreed(yes):
            return False
        prefix.insert(0, "sudo")
    known = subprocess.run(["apt-get", "-s", "-qq", *install], capture_output=True).returncode == 0
    if not known:  # a fresh image has no package lists at all
        subprocess.call([*prefix, "update"])
    if subprocess.call([*prefix, *install]) == 0:
        return True
    # A list that is known but old names files that are gone: fetch the lists once, then try again.
    if known and subprocess.call([*prefix, "update"]) == 0 and subprocess.call([*prefix, *install]) == 0:
        return True
    raise SystemExit("apt-get could not install: " + " ".join(packages))


def other_system(libraries: list[str], needs_venv: bool) -> None:
    """Without apt-get nothing is installed, only named."""
    if libraries:
        say("Missing shared libraries: " + ", ".join(libraries))
        if shutil.which("dnf"):
            say("  sudo dnf install " + " ".join(dict.fromkeys(LIBRARIES[name][1] for name in libraries)))
        say("Install them with your system's package manager if the window does not open.")
    if needs_venv:
        raise SystemExit("This Python cannot make environments (no module ensurepip): install its venv package.")


def system_packages(form: str, python: str, yes: bool) -> None:
    """Everything that only the system's package manager can bring. Linux only."""
    libraries = missing_libraries()
    needs_venv = not venv_python().exists() and version_of(python) is None
    if not shutil.which("apt-get"):
        other_system(libraries, needs_venv)
        return
    packages = [LIBRARIES[name][0] for name in libraries]
    if needs_venv:
        packages.append(venv_package(python, sys.version_info[:2]))
    if packages and not apt_install(packages, yes):
        raise SystemExit("Run the line above, then this command again.")
    tools = missing_tools() if form == "test" else []
    if tools and not apt_install(tools, yes):
        say("Without them the tests that drive a real window are skipped.")


# The environment


def venv_python(venv: Path = VENV) -> Path:
    """The environment's interpreter."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def make_environment(python: str) -> None:
    """.venv, made anew if it is not there or does not run (moved, interrupted, or its Python was removed)."""
    have_pip = [str(venv_python()), "-m", "pip", "--version"]
    if venv_python().exists() and subprocess.run(have_pip, capture_output=True).returncode == 0:
        return
    say(f"Making {VENV} with {python}")
    if subprocess.call([python, "-m", "venv", "--clear", str(VENV)]) != 0:
        raise SystemExit(f"Could not make {VENV}.")


def progress_line(line: str) -> str | None:
    """What of pip's output is worth a line: what it fetches, and how many packages it unpacks."""
    words = line.split()
    if not words:
        return None
    if words[0] == "Collecting":
        return "needs " + words[1]
    if words[0] == "Downloading" and len(words) > 1 and not words[1].endswith(".metadata"):
        return "fetching " + words[1].rsplit("/", 1)[-1] + " " + " ".join(words[2:])
    if line.startswith("Installing collected packages:"):
        return f"unpacking {len(words) - 3} packages"
    return line.strip() if words[0] == "ERROR:" else None


def follow(process, started: float, silence: float = 5.0) -> None:
    """Prints pip's progress with the seconds since the start; says so when pip is silent for long."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    last = "starting"
    with LOG.open("w", encoding="utf-8") as log:
        while True:
            try:
                line = lines.get(timeout=silence)
            except queue.Empty:
                say(f"[{time.monotonic() - started:4.0f} s] still at it: {last}")
                continue
            if line is None:
                return
            log.write(line)
            shown = progress_line(line)
            if shown:
                last = shown
                say(f"[{time.monotonic() - started:4.0f} s] {shown}")


def install(wanted: list[str]) -> None:
    """This project, editable, with the extras, at the tested versions; every step is seen, the whole log is kept."""
    say("Installing Gradloom with " + ", ".join(wanted) + ": some minutes the first time")
    started = time.monotonic()
    command = [str(venv_python()), "-m", "pip", "install", "--progress-bar", "off", "--disable-pip-version-check"]
    command += ["-c", str(ROOT / "resources" / "constraints.txt"), "-e", f"{ROOT}[{','.join(wanted)}]"]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, encoding="utf-8", errors="replace")  # fmt: skip
    follow(process, started)
    if process.wait() != 0:
        tail = "".join(LOG.read_text(encoding="utf-8").splitlines(keepends=True)[-20:])
        raise SystemExit(f"{tail}\nThe installation failed; its log is {LOG}. Run the same command again to retry.")
    say(f"[{time.monotonic() - started:4.0f} s] installed")


def prepare(form: str, parity: bool, gpu: bool, yes: bool) -> None:
    """From whatever is there to an environment that has what the form needs; nothing to do costs milliseconds."""
    python = choose_python(sys.version_info[:2], sys.executable)
    if sys.platform.startswith("linux"):
        system_packages(form, python, yes)
    wanted, now = extras(form, parity, gpu or has_nvidia_driver()), fingerprint()
    stamp = read_stamp(STAMP) if venv_python().exists() else {}
    if outdated(wanted, stamp, now):
        make_environment(python)
        install(wanted)
        STAMP.write_text(json.dumps({**read_stamp(STAMP), **dict.fromkeys(wanted, now)}, indent=1), encoding="utf-8")


# Starting


def call(command: list[str], cwd: Path | None = None, **environ: str) -> int:
    """Runs to its end; the exit code, also for a signal (128 + number, as a shell says it)."""
    try:
        code = subprocess.call(command, cwd=cwd, env={**os.environ, **environ})
    except KeyboardInterrupt:
        return 130
    return code if code >= 0 else 128 - code


def run_in_terminal(arguments: list[str]) -> int:
    """The main job where no window can be shown: train with a progress bar, then paint the canvas to a file."""
    file = next((argument for argument in arguments if not argument.startswith("-")), str(SAMPLE))
    picture = Path.cwd() / "gradloom.png"
    designer = [str(venv_python()), "-P", "-m", "designer"]
    say("No display (neither DISPLAY nor WAYLAND_DISPLAY is set): no window, but the main job, here in the terminal.")
    say(f"  gradloom train {file} --epochs 1")
    code = call([*designer, "train", file, "--epochs", "1"])
    if code != 0:
        return code
    code = call([*designer, "export", file, "--to", "png", "-o", str(picture)], QT_QPA_PLATFORM="offscreen")
    if code == 0:
        say(f"A picture of it in the designer: {picture}\nWhere there is a display, the same command opens the window.")
    return code


def compile_kernels() -> None:
    """The fast backend's kernels, once per version of them; without them everything runs, on NumPy."""
    ready = "import sys; from engine.backends.tape import cache; sys.exit(0 if cache.is_ready() else 3)"
    if call([str(venv_python()), "-P", "-c", ready]) != 3:
        return
    say("compiling the fast kernels, once (about half a minute)")
    if call([str(venv_python()), "-P", "-m", "engine.backends.tape.warm"]):
        say("the kernels could not be compiled; training uses NumPy instead")


def side_by_side(arguments: list[str]) -> list[str]:
    """Pytest's arguments that share the tests out over the cores (four at most: each holds its own libraries)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    told = any(a.startswith(("-n", "--numprocesses", "--pdb", "-p")) for a in arguments)
    return [] if told or cores == 1 else ["-n", str(min(cores, 4)), "--dist", "worksteal"]


def start(form: str, arguments: list[str]) -> int:
    """The program or its tests, with the rest of the arguments; their exit code."""
    if form == "test":
        return call([str(venv_python()), "-m", "pytest", *side_by_side(arguments), *arguments], cwd=ROOT)
    if wants_window(arguments) and not has_display(os.environ):
        return run_in_terminal(arguments)
    # -P: a folder "designer" where the user happens to stand must not be taken for the program.
    return call([str(venv_python()), "-P", "-m", "designer", *arguments])


def main(argv: list[str]) -> int:
    """Parses our few flags, prepares, starts."""
    if not argv or argv[0] not in ("run", "test"):
        print(__doc__)
        return 0 if argv and argv[0] in ("-h", "--help") else 2
    ours = {flag for flag in FLAGS if flag in argv}
    form, rest = argv[0], [a for a in argv[1:] if a not in ours]
    if form == "run" and "--parity" in ours:
        print("--parity belongs to test: python3 resources/bootstrap.py test --parity", file=sys.stderr)
        return 2
    prepare(form, "--parity" in ours, "--gpu" in ours, "--yes" in ours)
    if form == "run":
        compile_kernels()
    return start(form, rest)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # what is half done is done again the next time: the stamp is written last
