"""Text to `Part`: cut, parse the skeleton, walk it, parse the arrays; one or two processes."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from loaders import cityjson_outline as outlines
from loaders import cityjson_ragged as ragged_io
from loaders._fork import ForkPool, shared_empty
from loaders._issues import IssueLog
from loaders.api import LoadError
from loaders.city import Float64, ObjectTable, SurfaceTable
from loaders.cityjson_cut import OBJECTS, TEXTURE_VERTICES, VERTICES, Cuts, cut
from loaders.cityjson_outline import Outline
from loaders.cityjson_part import (
    Part,
    gather_arrays,
    integer_jobs,
    make_part,
    merge,
    parse_job,
    parse_vertex_lists,
)
from loaders.cityjson_ragged import NotJson
from loaders.cityjson_shells import expand
from loaders.cityjson_source import json_error
from loaders.cityjson_tables import object_table, surface_table
from loaders.cityjson_walk import Unsure, Walker

Report = Callable[[float], None]
SECTION_BYTES = 2 << 20
"""CityJSONSeq is read in runs of lines of this size."""


@dataclass(slots=True, eq=False)
class Content:
    """A whole file: the root without its objects, and everything in them as one `Part`."""

    root: dict[str, Any]
    part: Part
    template_vertices: Float64
    objects: ObjectTable
    surfaces: SurfaceTable


def read_document(data: bytes, path: Path, processes: int, report: Report) -> Content:
    """A plain CityJSON document: its objects in sections, the rest as a small document of its own."""
    size = max(SECTION_BYTES, len(data) // 10000)
    for find in (outlines.guess, outlines.scan):
        found = find(data, size, lambda done: report(0.1 * done))
        cuts = None if found is None else _cut_around(data, found)
        if found is not None and cuts is not None:
            content = _read_sections(cuts, found, path, processes, report)
            if content is not None:
                return content
    return _read_whole(data, path, report)


def _read_sections(cuts: Cuts, found: Outline, path: Path, processes: int, report: Report) -> Content | None:
    """The document by its outline; None if that turns out wrong."""
    work = _DocumentWork(cuts, found, processes)
    pool = ForkPool(work, len(work), processes)
    try:
        walked = _walk_document(cuts, path, lambda: report(0.1))
        if walked is None:
            return None
        done = pool.finish(lambda done: report(0.1 + 0.8 * done))
        ids = [name for part in done[len(work.row_jobs) :] for name in part.ids]
        return _join_document(cuts, work, walked, done) if len(set(ids)) == len(ids) else None
    except (NotJson, _Uneven):
        return None
    finally:
        pool.close()


class _Uneven(Exception):
    """A section is not what its outline promised."""


def _cut_around(data: bytes, found: Outline) -> Cuts | None:
    """The arrays outside CityObjects, and CityObjects itself as one more thing that is cut out."""
    parts = cut(data, 0, found.start), cut(data, found.stop)
    if parts[0] is None or parts[1] is None:
        return None
    table = np.concatenate([parts[0].table, [[found.start, found.stop]], parts[1].table])
    return Cuts(data, 0, len(data), table, parts[0].kinds + bytes([OBJECTS]) + parts[1].kinds)


class _DocumentWork:
    """The numbered tasks of a document: pieces of long coordinate lists first, then sections of objects."""

    def __init__(self, cuts: Cuts, found: Outline, processes: int):
        self.cuts = cuts
        self.sections = found.sections
        self.parser: Any = None
        self.shells = True
        self.row_jobs: list[tuple[int, int, int, slice]] = []
        self.tables: dict[int, Float64] = {}
        for number, kind in enumerate(cuts.kinds):
            if kind in (VERTICES, TEXTURE_VERTICES):
                self._add_rows(number, 3 if kind == VERTICES else 2, processes > 1)

    def _add_rows(self, number: int, width: int, share: bool) -> None:
        """Tasks for one list, and the array that they fill: rows are counted by their brackets."""
        data, rows = self.cuts.data, 0
        first, last = self.cuts.table[number].tolist()
        for a, b in ragged_io.split_rows(data, first, last):
            count = data.count(b"[", a, b)
            self.row_jobs.append((number, a, b, slice(rows, rows + count)))
            rows += count
        self.tables[number] = shared_empty((width, rows), np.float64, share)

    def __len__(self) -> int:
        return len(self.row_jobs) + len(self.sections)

    def __call__(self, task: int) -> Any:
        if self.parser is None:
            self.parser = ragged_io.new_parser()
        if task < len(self.row_jobs):
            number, first, last, place = self.row_jobs[task]
            table = self.tables[number][:, place]
            rows = ragged_io.parse_rows([b"[" + self.cuts.data[first:last] + b"]"], len(table), self.parser)[0]
            if len(rows) != table.shape[1]:
                return rows
            table[:] = rows.T
            return None
        return self._section(*self.sections[task - len(self.row_jobs)])

    def _section(self, first: int, last: int) -> Part:
        """Some members of CityObjects; raises `NotJson` or `_Uneven`: then the document is read as a whole."""
        data, parser = self.cuts.data, self.parser
        if self.shells:
            cuts = cut(data, first, last, shells=True)
            walker = None if cuts is None else _walk_shelled(cuts, parser)
            if cuts is not None and walker is not None:
                return _finish_part(walker, cuts, parser)
            self.shells = False  # whatever it was, the other sections will have it too
        return _object_section(data, (first, last), parser)

    def rows(self, number: int, done: list[Any], width: int) -> Float64:
        """Rows of one coordinate list from the finished tasks."""
        if number not in self.tables:
            return np.zeros((0, width))
        table = self.tables[number].T
        own = [
            (place, piece) for (owner, _, _, place), piece in zip(self.row_jobs, done, strict=False) if owner == number
        ]
        if all(piece is None for _, piece in own):
            return table
        return np.concatenate([table[place] if piece is None else piece for place, piece in own])


def _walk_shelled(cuts: Cuts, parser: Any) -> Walker | None:
    """Walk members of CityObjects with their geometries cut out as shells; None if anything does not fit."""
    try:
        text, shells = cuts.shelled()
        text = b"{" + text + b"}"
        objects = orjson.loads(text)
        if len(parser.parse(text)) != len(objects):
            return None
        walker = Walker(cuts)
        walker.feature = -1  # counted from the features before the section: the document's vertices
        walker.objects(objects)
        expand(walker, cuts, shells)
    except (ValueError, RuntimeError, Unsure):
        return None
    return walker if walker.complete() else None


def _object_section(data: bytes, section: tuple[int, int], parser: Any) -> Part:
    """Some members of CityObjects; raises `NotJson` or `_Uneven`: then the document is read as a whole."""
    first, last = section
    cuts = cut(data, first, last)
    if cuts is None:
        raise _Uneven
    keep: set[int] | None = None
    for _ in range(2):
        text = b"{" + cuts.skeleton(keep) + b"}"
        try:
            objects = orjson.loads(text)
            if len(parser.parse(text)) != len(objects):
                raise _Uneven  # an id stands twice
        except (orjson.JSONDecodeError, ValueError, RuntimeError) as error:
            raise NotJson from error
        walker = Walker(cuts)
        walker.feature = -1  # counted from the features before the section: the document's vertices
        try:
            walker.objects(objects)
        except Unsure as error:
            raise _Uneven from error
        again = keep is None and walker.settled()
        if not again:
            break
        keep = again
    del objects
    return _finish_part(walker, cuts, parser)


def _finish_part(walker: Walker, cuts: Cuts, parser: Any) -> Part:
    """Parse the integer arrays but those of textures, and put everything into a `Part`, without vertices."""
    part = make_part(walker.walk, cuts)
    walker.walk.attributes = walker.walk.surface_attributes = []
    textures = part.textures[:, 2].astype(np.int64)  # their turn comes when it is known whether there are any images
    jobs = integer_jobs(cuts, textures)
    done = [parse_job(cuts, job, parser) for job in jobs]
    part.arrays = gather_arrays(jobs, done, walker.walk, cuts.kinds, textures)
    return part


def _parse_skeleton(text: bytes, path: Path) -> dict[str, Any] | None:
    """The skeleton as Python objects; None if it is not JSON (the whole text then tells where)."""
    try:
        root = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(root, dict):
        raise LoadError(
            path, "this JSON is not CityJSON: it is not an object.", place="line 1", kind="not-cityjson",
            remedy='CityJSON begins with {"type": "CityJSON".',
        )  # fmt: skip
    return root


def _walk_document(cuts: Cuts, path: Path, tick: Callable[[], None]) -> tuple[dict[str, Any], Walker, int, int] | None:
    """Root, walker and the numbers of the vertex lists; None if the cuts turn out not to fit."""
    keep: set[int] | None = None
    for _ in range(2):
        text = cuts.skeleton(keep)
        tick()
        root = _parse_skeleton(text, path)
        if root is None:
            return None
        walker = Walker(cuts, tick)
        try:
            numbers = _walk_root(root, walker)
        except Unsure:
            return None
        again = keep is None and walker.settled()
        if again and any(cuts.kinds[number] == OBJECTS for number in again):
            return None  # what was taken for CityObjects is something else
        if not again:
            _note_duplicates(text, root, walker)
            return root, walker, *numbers
        keep = again
    return None


def _walk_root(root: dict[str, Any], walker: Walker) -> tuple[int, int]:
    vertices = walker.array(root.get("vertices"), VERTICES)
    appearance = root.get("appearance")
    uv = walker.array(appearance.get("vertices-texture"), TEXTURE_VERTICES) if isinstance(appearance, dict) else -1
    walk_templates(root, walker)
    objects = root.get("CityObjects")
    if type(objects) is int and 0 <= objects < walker.cuts and walker.kinds[objects] == OBJECTS:
        walker.used[objects] = 1
    elif isinstance(objects, dict):
        _check_feature_id(root, objects, walker.walk.issues)
        walker.objects(objects)
    elif objects is not None:
        walker.walk.issues.error("bad-object", "CityObjects is not a JSON object: it was skipped.")
    return vertices, uv


def _check_feature_id(feature: dict[str, Any], objects: Container[Any], issues: IssueLog) -> None:
    if feature.get("type") == "CityJSONFeature" and feature.get("id") not in objects:
        name = str(feature.get("id"))[:80]
        issues.warning("feature-id", "Features whose id is not one of their objects.", [name])


def walk_templates(root: dict[str, Any], walker: Walker) -> None:
    """Walk the geometry templates of a root, if any."""
    templates = root.get("geometry-templates")
    if isinstance(templates, dict):
        walker.template_list(templates.get("templates"))


def _note_duplicates(text: bytes, root: dict[str, Any], walker: Walker) -> None:
    """Ids that stand twice in CityObjects: the last one is kept, as every JSON reader does; say so."""
    objects = root.get("CityObjects")
    if not isinstance(objects, dict):
        return
    try:
        listed = ragged_io.new_parser().parse(text)["CityObjects"]
        if len(listed) == len(objects):
            return
        seen: set[str] = set()
        twice = [key for key in listed.keys() if key in seen or seen.add(key)]  # type: ignore[func-returns-value] # noqa: SIM118
    except (ValueError, KeyError, TypeError, RuntimeError):
        return
    walker.walk.issues.warning("duplicate-id", "Ids that stand twice in CityObjects: the last object is kept.", twice)


def _join_document(
    cuts: Cuts, work: _DocumentWork, walked: tuple[dict[str, Any], Walker, int, int], done: list[Any]
) -> Content:
    """The root with its vertices and appearance first, then the sections."""
    root, walker, vertices, uv = walked
    appearance = root.get("appearance")
    templates = template_vertices(root)
    part = _finish_part(walker, cuts, ragged_io.new_parser())
    root.pop("CityObjects", None)
    part.vertices = _rows_of(vertices, work, done, walker.walk, cuts, 3)
    part.feature_vertices = np.array([0, len(part.vertices)], np.int64)
    if isinstance(appearance, dict):
        part.appearances = [(0, appearance, _rows_of(uv, work, done, walker.walk, cuts, 2))]
    sections = done[len(work.row_jobs) :]
    del done[:]
    part = merge([part, *sections])
    if sections:
        _check_feature_id(root, part.ids, part.issues)
    return Content(root, part, templates, object_table(part, part.issues), surface_table(part, part.issues))


def _rows_of(number: int, work: _DocumentWork, done: list[Any], walk: Any, cuts: Cuts, width: int) -> Float64:
    if number < 0:
        return np.zeros((0, width))
    if number < len(cuts.kinds):
        return work.rows(number, done, width)
    return parse_vertex_lists([walk.extra[number - len(cuts.kinds)][1]], ragged_io.new_parser(), width)[0]


def template_vertices(root: dict[str, Any]) -> Float64:
    """Vertices of the geometry templates, (N, 3); they are not changed by ``transform``."""
    templates = root.get("geometry-templates")
    rows = templates.get("vertices-templates") if isinstance(templates, dict) else None
    if not isinstance(rows, list) or not rows:
        return np.zeros((0, 3))
    return parse_vertex_lists([ragged_io.as_text(rows)], ragged_io.new_parser())[0]


def _read_whole(data: bytes, path: Path, report: Report) -> Content:
    """Without cuts: for texts with escaped quotes in odd places, and to tell what is wrong with a broken one."""
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        root = _loose_root(data)
        if root is None:
            raise json_error(path, error, data=data) from None
    empty = Cuts(data, 0, len(data))
    walked = _walk_document(empty, path, lambda: report(0.3))
    if walked is None:
        root = _loose_root(data)
        walker = Walker(empty)
        walked = (root or {}, walker, *_walk_root(root or {}, walker))
    return _join_document(empty, _DocumentWork(empty, Outline(0, 0, []), 1), walked, [])


def _loose_root(data: bytes) -> dict[str, Any] | None:
    """A text that is JSON but for NaN, Infinity or integers beyond 64 bits; None if it is not."""
    if len(data) > 256 << 20:
        return None
    try:
        root = ragged_io.load_loosely(data)
    except NotJson:
        return None
    return root if isinstance(root, dict) else None


@dataclass(slots=True, eq=False)
class _Section:
    """One run of lines of a CityJSONSeq."""

    part: Part
    root: dict[str, Any] | None


def read_sequence(data: bytes, path: Path, processes: int, report: Report) -> Content:
    """A CityJSONSeq: the first line is the root, every other line one feature with its own vertices."""
    sections = _line_runs(data)

    def work(task: int) -> _Section:
        first, last = sections[task]
        return _read_section(data, first, last, path, task == 0)

    pool = ForkPool(work, len(sections), processes)
    try:
        done = pool.finish(report)
    finally:
        pool.close()
    root = done[0].root
    part = merge([section.part for section in done])
    tables = object_table(part, part.issues), surface_table(part, part.issues)
    return Content(root, part, template_vertices(root), *tables)


def _line_runs(data: bytes) -> list[tuple[int, int]]:
    """Byte ranges of whole lines, `SECTION_BYTES` or more each (at most 10,000 of them)."""
    step = max(SECTION_BYTES, len(data) // 10000)
    runs = []
    at = 0
    while at < len(data):
        end = data.find(b"\n", at + step)
        end = len(data) if end < 0 else end + 1
        runs.append((at, end))
        at = end
    return runs


def _read_section(data: bytes, first: int, last: int, path: Path, leads: bool) -> _Section:
    for shells in (True, False):
        cuts = cut(data, first, last, shells=shells)
        if cuts is None:
            break
        try:
            section = _make_section(cuts, path, leads)
        except NotJson:
            section = None
        if section is not None:
            return section
    section = _make_section(Cuts(data, first, last), path, leads)
    if section is None:
        raise LoadError(path, "the lines contradict each other.", remedy="Export it again.", kind="not-cityjson")
    return section


def _make_section(cuts: Cuts, path: Path, leads: bool) -> _Section | None:
    """One run of lines, or None if the cuts do not fit; raises `NotJson` if an array turns out to be none."""
    found = _walk_lines(cuts, path, leads)
    if found is None:
        return None
    walker, root, vertices, appearances = found
    parser = ragged_io.new_parser()
    part = _finish_part(walker, cuts, parser)

    def text_of(number: int) -> ragged_io.Text:
        if number < 0:
            return b"[]"
        return cuts.text(number) if number < len(cuts.kinds) else walker.walk.extra[number - len(cuts.kinds)][1]

    if all(0 <= number < len(cuts.kinds) for number in vertices):
        view = memoryview(cuts.data)
        texts: list[ragged_io.Text] = [view[a:b] for a, b in cuts.table[vertices].tolist()]
    else:
        texts = [text_of(number) for number in vertices]
    part.vertices, counts = parse_vertex_lists(texts, parser)
    part.feature_vertices = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    part.appearances = [
        (feature, appearance, parse_vertex_lists([text_of(uv)], parser, 2)[0])
        for feature, appearance, uv in appearances
    ]
    return _Section(part, root)


_Lines = tuple[Walker, dict[str, Any] | None, list[int], list[tuple[int, dict[str, Any], int]]]


def _walk_lines(cuts: Cuts, path: Path, leads: bool) -> _Lines | None:
    """Walk all features of a run; None if the cuts do not fit (then it is done again without)."""
    if len(cuts.shells):
        return _walk_shelled_lines(cuts, path, leads)
    keep: set[int] | None = None
    for _ in range(2):
        text = cuts.skeleton(keep)
        walker = Walker(cuts)
        features = _parse_lines(text, walker, path, cuts, leads)
        try:
            out = _walk_features(features, walker, path, leads)
        except Unsure:
            return None
        again = keep is None and walker.settled()
        if not again:
            if keep is not None:
                _note_line_duplicates(text, features, walker)
            return out
        keep = again
    return None


def _walk_shelled_lines(cuts: Cuts, path: Path, leads: bool) -> _Lines | None:
    try:
        text, shells = cuts.shelled()
        features = _all_lines(text)
        if features is None:
            return None
        walker = Walker(cuts)
        out = _walk_features(features, walker, path, leads)
        expand(walker, cuts, shells)
    except (ValueError, Unsure):
        return None
    return out if walker.complete() else None


def _note_line_duplicates(text: bytes, features: list[Any], walker: Walker) -> None:
    """Ids that stand twice in one feature; looked for where arrays of an object were met nowhere."""
    lines = [line for line in text.split(b"\n") if line and not line.isspace()]
    for line, feature in zip(lines, features, strict=False):
        if isinstance(feature, dict):
            _note_duplicates(line.strip(b" \t\r\x1e"), feature, walker)


def _parse_lines(text: bytes, walker: Walker, path: Path, cuts: Cuts, leads: bool) -> list[Any]:
    features = _all_lines(text)
    return _parse_each(text, walker, path, cuts, leads) if features is None else features


def _all_lines(text: bytes) -> list[Any] | None:
    """All lines as Python objects; None if any is not JSON."""
    lines = text.strip()
    try:
        features: list[Any] = orjson.loads(b"[" + lines.replace(b"\n", b",") + b"]")
    except orjson.JSONDecodeError:
        return None
    return features if len(features) == lines.count(b"\n") + 1 else None


def _parse_each(text: bytes, walker: Walker, path: Path, cuts: Cuts, leads: bool) -> list[Any]:
    """Line by line, leaving out the broken ones; the first line of the file must be good."""
    number = cuts.data.count(b"\n", 0, cuts.start)
    features = []
    for line in text.split(b"\n"):
        number += 1
        line = line.strip(b" \t\r\x1e")
        if not line:
            continue
        try:
            features.append(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            problem = json_error(path, error, number)
            if leads and not features:
                raise problem from None
            walker.walk.issues.error(
                "unreadable-line", f"Lines that are not JSON were skipped ({problem.reason})", [f"line {number}"]
            )
    return features


def _walk_features(features: list[Any], walker: Walker, path: Path, leads: bool) -> _Lines:
    root: dict[str, Any] | None = None
    vertices: list[int] = []
    appearances: list[tuple[int, dict[str, Any], int]] = []
    issues = walker.walk.issues
    for number, feature in enumerate(features):
        if leads and not number:
            if not isinstance(feature, dict):
                raise LoadError(path, "the first line is not a JSON object.", place="line 1", kind="not-cityjson")
            root = feature
            walk_templates(feature, walker)
        elif not isinstance(feature, dict) or feature.get("type") != "CityJSONFeature":
            issues.error("bad-feature", "Lines that are not a CityJSONFeature were skipped.")
            if isinstance(feature, dict):
                _skip(feature, walker)
            continue
        walker.feature = len(vertices)
        objects = feature.get("CityObjects")
        vertices.append(walker.array(feature.get("vertices"), VERTICES))
        appearance = feature.get("appearance")
        if appearance is not None and isinstance(appearance, dict):
            uv = walker.array(appearance.get("vertices-texture"), TEXTURE_VERTICES)
            appearances.append((walker.feature, appearance, uv))
        if isinstance(objects, dict):
            _check_feature_id(feature, objects, issues)
            walker.objects(objects)
    if root is not None:
        root = {key: value for key, value in root.items() if key not in ("CityObjects", "vertices")}
    return walker, root, vertices, appearances


def _skip(feature: dict[str, Any], walker: Walker) -> None:
    """Walk a line that is left out, so that its arrays count as met, and forget what was found."""
    before = walker.walk
    walker.walk = type(before)(extra=before.extra, issues=before.issues)
    walker.array(feature.get("vertices"), VERTICES)
    objects = feature.get("CityObjects")
    if isinstance(objects, dict):
        walker.objects(objects)
    walker.walk = before
