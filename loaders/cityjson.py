"""CityJSON 1.0, 1.1, 2.0 and CityJSONSeq, plain or gzipped.

Only what recognises the format is imported here; the reader comes in with the first file.
"""

from __future__ import annotations

import re
from pathlib import Path

from loaders.api import LoadError, LoaderSpec, LoadOptions, LoadResult, Progress

_TYPE = re.compile(rb'"type"\s*:\s*"CityJSON(Feature)?"')


def sniff(head: bytes, path: Path) -> int:
    """How surely the first bytes are CityJSON: 100 if they say so, less by members, less by the file's name."""
    if _TYPE.search(head):
        return 100
    text = head.lstrip(b"\xef\xbb\xbf \n\r\t\x1e")
    if b'"CityObjects"' in head and text.startswith(b"{"):
        return 90
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".city.json", ".city.jsonl")):
        return 40
    if text.startswith(b"{") and (b'"boundaries"' in head or b'"referenceSystem"' in head):
        return 30
    return 5 if name.endswith((".json", ".jsonl")) else 0


SPEC = LoaderSpec(
    name="CityJSON",
    extensions=(
        ".city.json",
        ".city.jsonl",
        ".json",
        ".jsonl",
        ".city.json.gz",
        ".city.jsonl.gz",
        ".json.gz",
        ".jsonl.gz",
    ),
    sniff=sniff,
    load="loaders.cityjson:load",
    version=1,
    media_types=("application/city+json", "application/city+json-seq"),
)


def load(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    """Read a city; raises `LoadError` (one line: place, reason, remedy) or `Cancelled`, nothing else."""
    from loaders.cityjson_load import load_city

    try:
        return load_city(Path(path), options, progress)
    except MemoryError as error:
        raise LoadError(
            path, "not enough memory to read this file.", remedy="Cut it into parts.", kind="out-of-memory"
        ) from error
