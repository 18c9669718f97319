"""How much a file may hold. Each limit is far above honest use and low enough that refusing stays cheap."""

from __future__ import annotations

#: bytes of a graph.json, or of the project.json in an archive
MAX_JSON = 32 << 20
#: objects and lists in it: an honest node has two to four
MAX_BRACKETS = 120_000
#: entries in it, so that a list of numbers cannot fill the memory either
MAX_COMMAS = 2_000_000
MAX_NODES = 10_000
MAX_EDGES = 40_000
#: how deep parameters, layout and notes may nest
MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1
#: bytes of a .gradloom: the plain zip format ends there
MAX_ARCHIVE = (1 << 32) - 1
MAX_MEMBERS = 16
MAX_MANIFEST = 1 << 20
#: bytes of a safetensors header and number of its tensors
MAX_TENSOR_HEADER = 16 << 20
MAX_TENSORS = 100_000
