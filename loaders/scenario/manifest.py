"""``scenario.json`` to a `Manifest` and back, and everything that is wrong with one, each in one line.

The form is that of ``assets/schemas/citiverse-scenario-1.schema.json``; what a schema cannot say (units, zones,
references between members) is checked here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loaders.api import LoadError
from loaders.scenario import manifest_read as read
from loaders.scenario.jsontext import BadJson, Raw, parse_json
from loaders.scenario.manifest_check import problems_inside
from loaders.scenario.manifest_write import to_raw
from loaders.scenario.model import Manifest
from loaders.scenario.names import one_line
from loaders.scenario.schema import breaches

__all__ = ["FILE_NAME", "MAX_BYTES", "Problem", "digest_of", "parse_manifest", "problems", "to_raw", "write_manifest"]

FILE_NAME = "scenario.json"
TYPE = "CitiverseScenario"
VERSION = "1.0"
MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a package: in which file, where in it, what, and what to do. One line as text."""

    file: str
    place: str
    reason: str
    remedy: str = ""
    kind: str = "bad-scenario"

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return one_line(f"{where}: {self.reason}. {self.remedy}".rstrip())


def problems(raw: Any) -> list[Problem]:
    """Everything wrong with a manifest: first the form; if that is right, what it says."""
    if not isinstance(raw, dict) or raw.get("type") != TYPE:
        reason = f'this is no scenario: its "type" is not "{TYPE}"'
        return [Problem(FILE_NAME, "type", reason, "Choose the scenario.json of a package.")]
    version = raw.get("version")
    if isinstance(version, str) and version.partition(".")[0].isdigit() and version.partition(".")[0] != "1":
        reason = f"the package is of format {version[:10]}, this program knows {VERSION}"
        return [Problem(FILE_NAME, "version", reason, "Update Citiverse Viewer.", "newer-version")]
    found = [Problem(FILE_NAME, place, reason, remedy) for place, reason, remedy in breaches(raw)]
    if found:
        return found
    return [Problem(FILE_NAME, place, reason, told) for place, reason, told in problems_inside(raw)]


def parse_manifest(data: bytes, path: Path) -> Manifest:
    """A manifest from the bytes of ``scenario.json``; ``path`` is the package, for messages.

    Raises:
        LoadError: not JSON, or anything wrong; tells the first problem and how many there are.
    """
    try:
        raw = parse_json(data, max_bytes=MAX_BYTES)
    except BadJson as error:
        remedy = "Check it with an editor for JSON."
        raise LoadError(path, f"{error}.", place=FILE_NAME, remedy=remedy, kind="bad-scenario") from error
    found = problems(raw)
    if found:
        raise refusal(path, found)
    return read.manifest(raw, digest_of(raw))


def refusal(path: Path, found: list[Problem]) -> LoadError:
    """The first problem of a package as an error."""
    first = found[0]
    place = ", ".join(part for part in (first.file if first.file != path.name else "", first.place) if part)
    more = f" ({len(found) - 1:,} more: see citiverse scenario check)" if len(found) > 1 else ""
    reason, where = one_line(f"{first.reason}{more}."), one_line(place)
    return LoadError(path, reason, place=where, remedy=first.remedy, kind=first.kind)


def digest_of(raw: Raw) -> str:
    """SHA-256 of the manifest's content, whatever its layout: names one version of manifest and files."""
    text = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def write_manifest(manifest: Manifest, folder: Path) -> Path:
    """Write ``scenario.json`` into a folder; returns its path. Raises OSError."""
    path = folder / FILE_NAME
    write_raw(to_raw(manifest), path)
    return path


def write_raw(raw: Raw, path: Path) -> None:
    """Write a manifest's JSON, readable and with short lists on one line. Raises OSError."""
    path.write_text(layout(raw) + "\n", "utf-8", newline="\n")


def layout(value: Any, indent: int = 0, width: int = 110) -> str:
    """JSON text in which whatever fits stands on one line."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if not isinstance(value, dict | list) or not value or (indent and len(flat) <= width - indent):
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(k, ensure_ascii=False)}: {layout(v, indent + 2, width)}" for k, v in value.items()]
    else:
        parts = [pad + layout(item, indent + 2, width) for item in value]
    first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{first}\n" + ",\n".join(parts) + f"\n{' ' * indent}{last}"
