"""``python -m engine.backends.tape.warm [FAMILY ...]``: compile what is not in the cache yet, naming each when done."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from engine.backends.tape import cache

#: what the two processes begin with, one each: those that share the matrix product, and the rest. Common ones first
SIDES = (
    ("matrix", "conv", "winograd", "attention"),
    ("element", "update", "loss", "move", "run", "norm", "pool", "tokens"),
)


class _Queue:
    """Families still to be compiled."""

    def __init__(self, names: list[str]) -> None:
        self._left, self._lock = [[n for n in side if n in names] for side in SIDES], threading.Lock()
        self._left[1] += [n for n in names if n not in (*SIDES[0], *SIDES[1])]

    def next(self, side: int) -> str:
        """The first of one's own side, then the last of the other's; "" at the end."""
        with self._lock:
            own, other = self._left[side], self._left[1 - side]
            return own.pop(0) if own else other.pop() if other else ""


def main(arguments: list[str]) -> int:
    """The named families, all unless told, on as many processes as there are cores, two at most."""
    if arguments == ["--worker"]:
        return _work()
    queue, failed = _Queue(cache.missing(arguments or None)), threading.Event()
    count = min(2, os.cpu_count() or 1)
    helpers = [threading.Thread(target=_feed, args=(queue, side, failed)) for side in range(count)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    return int(failed.is_set())


def _feed(queue: _Queue, side: int, failed: threading.Event) -> None:
    """One process, a name after the other."""
    command, environ = cache.compiler()
    name = queue.next(side)
    if not name:
        return
    worker = subprocess.Popen(
        [*command, "--worker"], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert worker.stdin is not None and worker.stdout is not None
    while name and not failed.is_set():
        try:
            print(name, file=worker.stdin, flush=True)
        except OSError:
            break
        if worker.stdout.readline().strip() != name:
            break
        print(name, flush=True)
        name = queue.next(side)
    worker.stdin.close()
    worker.stdout.close()
    if worker.wait() or name:
        failed.set()


def _work() -> int:
    import gc

    from engine.backends.tape import objects

    gc.disable()  # it ends soon, and most of what it makes is kept till then
    for line in sys.stdin:
        objects.compile_family(line.strip())
        print(line.strip(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
