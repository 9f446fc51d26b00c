"""The steps from a CityJSON file to a `LoadResult`."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loaders._issues import IssueLog
from loaders._memory import freed_memory_kept
from loaders.api import LoadError, LoadOptions, LoadResult, Progress
from loaders.cityjson_build import build_city
from loaders.cityjson_header import read_header
from loaders.cityjson_ragged import NotJson
from loaders.cityjson_read import read_document, read_sequence
from loaders.cityjson_source import Source, is_sequence, read_source

_MEMORY = 4
"""A load takes about so many times the size of the file."""


@contextmanager
def collection_off() -> Iterator[None]:
    """No garbage collection meanwhile: millions of new objects without a cycle make it walk for nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def load_city(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    """Read, check and build; see `loaders.cityjson.load`."""
    with collection_off(), freed_memory_kept(_MEMORY * _size(path)):
        progress.report(0.0, "reading")
        source = Source(read_source(path, options, progress))
        progress.report(0.05, "parsing")
        sequence = is_sequence(source.data)
        read = read_sequence if sequence else read_document
        try:
            content = read(
                source.data, path, max(1, options.processes), lambda done: progress.report(0.05 + 0.4 * done, "parsing")
            )
        except NotJson:
            raise LoadError(
                path, "nested too deeply for CityJSON.", remedy="Export the file again.", kind="too-deep"
            ) from None
        issues = IssueLog()
        header = read_header(content.root, path, issues)
        issues.merge(content.part.issues)
        city = build_city(content, header, path, source, options, progress, issues)
        progress.report(1.0, "done")
        return LoadResult(city, "CityJSONSeq" if sequence else "CityJSON", header.version, issues.issues())
