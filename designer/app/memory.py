"""How much memory the program holds."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def resident_bytes() -> int | None:
    """Resident memory of this process; None where the system does not say."""
    if sys.platform.startswith("linux"):
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return None
        return pages * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, the other systems kibibytes.
    return peak if sys.platform == "darwin" else peak * 1024


def bytes_text(size: float) -> str:
    """``31 MB``, ``1.2 GB``."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= limit:
            return f"{size / limit:.3g} {unit}" if size < 100 * limit else f"{size / limit:,.0f} {unit}"
    return f"{size:.0f} B"
