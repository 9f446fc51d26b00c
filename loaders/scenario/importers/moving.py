"""Ways of vehicles and people: SUMO floating car data, CZML, OGC Moving Features JSON, to one Parquet table."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from loaders.api import LoadOptions
from loaders.scenario.importers.kit import Draft, ImporterSpec, Json

MOST_SAMPLES = 20_000_000
LONGEST_RUN = 1e9
"""Seconds from the start that a moment may lie away."""
MOST_UNPACKED = 64 << 30
"""Bytes of a packed file, unpacked while it is read."""
_RATIO, _SMALL = LoadOptions().max_ratio, 16 << 20
"""Largest growth of a packed file, for what is not small."""
_FCD = {"time": ("timestep", "time", "timestep_time"), "id": ("id", "vehicle_id", "person_id"), "x": ("x", "vehicle_x"),
        "y": ("y", "vehicle_y"), "kind": ("type", "vehicle_type"), "speed": ("speed", "vehicle_speed")}  # fmt: skip

_SUMO = {"timestep", "timestep_time", "angle", "vehicle_angle", "lane", "vehicle_lane"}
"""Columns of which a table of positions has one if it is SUMO's."""


def sniff_fcd(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """SUMO's fcd-export as XML, CSV or Parquet; the .net.xml may be given beside it."""
    return max((_fcd_score(path, head) for path, head in zip(paths, heads, strict=True)), default=0)


def _fcd_score(path: Path, head: bytes) -> int:
    text = _text(path, head)
    if "<fcd-export" in text:
        return 95
    first = text.partition("\n")[0].lower().replace(";", ",").split(",")
    have = {name.strip() for name in first}
    if all(have & set(_FCD[key]) for key in ("time", "id", "x", "y")) and have & _SUMO:
        return 90
    return 60 if head.startswith(b"PAR1") and "fcd" in path.name.lower() else 0


def sniff_czml(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """A list of packets, the first of which is the document."""
    text = heads[0].decode("utf-8", "replace").lstrip()
    return 95 if len(paths) == 1 and text.startswith("[") and '"document"' in text else 0


def sniff_mf(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """GeoJSON with temporal geometries."""
    text = heads[0].decode("utf-8", "replace")
    marks = ("temporalGeometry", "MovingPoint", "crs_temporal", '"datetimes"')
    return 90 if len(paths) == 1 and any(mark in text for mark in marks) else 0


FCD = ImporterSpec("sumo-fcd", "SUMO floating car data (XML, CSV, Parquet)", sniff_fcd,
                   "loaders.scenario.importers.moving:run_fcd")  # fmt: skip
CZML = ImporterSpec("czml", "CZML positions", sniff_czml, "loaders.scenario.importers.moving:run_czml")
MF = ImporterSpec("moving-features", "OGC Moving Features JSON", sniff_mf, "loaders.scenario.importers.moving:run_mf")


class _Samples:
    """Rows in columns, within a limit."""

    def __init__(self, draft: Draft, path: Path) -> None:
        self._draft, self._path = draft, path
        self.ids: list[str] = []
        self.kinds: list[str] = []
        self.numbers: list[tuple[float, float, float, float, float]] = []

    def add(self, name: str, kind: str, seconds: float, x: float, y: float, z: float, speed: float) -> None:
        """One sample; NaN for what is not known."""
        if len(self.ids) >= MOST_SAMPLES:
            raise self._draft.refuse(self._path, f"it has more than {MOST_SAMPLES:,} samples.", "Cut it into parts.")
        if not abs(seconds) <= LONGEST_RUN:
            raise self._draft.refuse(self._path, f"{name[:60]!r} has a moment that makes no sense ({seconds:g} s).")
        self.ids.append(name)
        self.kinds.append(kind)
        self.numbers.append((seconds, x, y, z, speed))

    def write(self, path: Path) -> None:
        """As Parquet."""
        import numpy as np

        from loaders.scenario.tables import arrow

        pa = arrow()
        import pyarrow.parquet as pq

        if not self.ids:
            raise self._draft.refuse(self._path, "there is no position in it.")
        t, x, y, z, speed = np.array(self.numbers, np.float64).T
        pq.write_table(pa.table({
            "id": pa.array(self.ids).dictionary_encode(), "kind": pa.array(self.kinds).dictionary_encode(),
            "time": t, "x": x, "y": y, "z": z, "speed": speed,
        }), path, compression="zstd")  # fmt: skip


def run_fcd(draft: Draft) -> None:
    """Offset and projection come from the .net.xml if it is given; else coordinates and date are asked for."""
    draft.tool = draft.tool or "SUMO"
    nets = [path for path in draft.inputs if path.name.endswith((".net.xml", ".net.xml.gz"))]
    path = next(path for path in draft.inputs if path not in nets)
    offset, projection, bounds = _net_location(draft, nets[0]) if nets else ((0.0, 0.0), "", None)
    samples = _Samples(draft, path)
    for row in _fcd_rows(draft, path):
        samples.add(*row)
    lonlat = _in_degrees(samples, bounds)
    draft.crs = draft.crs or ("EPSG:4326" if lonlat else draft.ask_crs(projection))
    if lonlat:
        draft.note("The positions are longitudes and latitudes (WGS 84).")
    elif any(offset):
        samples.numbers = [(t, x - offset[0], y - offset[1], z, v) for t, x, y, z, v in samples.numbers]
    elif not nets:
        draft.note("Without a .net.xml its offset is taken to be 0.")
    _finish(draft, samples, draft.ask_start("second 0 of the simulation"))


def _in_degrees(samples: _Samples, bounds: tuple[float, ...] | None) -> bool:
    """True if the positions are longitudes and latitudes: none lies in the network's own bounds, all are possible."""
    some = samples.numbers[:: max(1, len(samples.numbers) // 1000)]
    if bounds is not None and any(bounds[0] <= x <= bounds[2] and bounds[1] <= y <= bounds[3] for _, x, y, *_ in some):
        return False
    return bool(some) and all(abs(x) <= 180 and abs(y) <= 90 for _, x, y, *_ in some)


def _fcd_rows(draft: Draft, path: Path) -> Iterator[tuple[str, str, float, float, float, float, float]]:
    head = _head(path)
    if head.startswith(b"PAR1"):
        yield from _fcd_table(draft, path, _parquet_rows(path))
    elif "<fcd-export" in _text(path, head):
        yield from _fcd_xml(draft, path)
    else:
        with _unpacked(draft, path) as file:
            lines = (line.decode("utf-8", "replace") for line in file)
            first = next(lines, "")
            separator = ";" if first.count(";") > first.count(",") else ","
            yield from _fcd_table(draft, path, csv.DictReader([first], delimiter=separator), lines, separator)


def _fcd_xml(draft: Draft, path: Path) -> Iterator[tuple[str, str, float, float, float, float, float]]:
    seconds = 0.0
    for event, element in xml_events(draft, path):
        if event == "start" and element.tag == "timestep":
            seconds = _xml_number(draft, path, element, "time")
        elif event == "end" and element.tag in ("vehicle", "person"):
            kind = "person" if element.tag == "person" else element.get("type", "car")
            place = [_xml_number(draft, path, element, key) for key in ("x", "y", "z", "speed")]
            yield element.get("id", ""), kind, seconds, *place
        if event == "end" and element.tag == "timestep":
            element.clear()


def _xml_number(draft: Draft, path: Path, element: Any, name: str) -> float:
    """A number of an element; NaN where it is not told."""
    try:
        return float(element.get(name, "nan"))
    except ValueError as error:
        where = f"{element.tag} {element.get('id', element.get('time', ''))[:60]}"
        raise draft.refuse(path, f"{name} is no number.", "Export it again.", where) from error


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    from loaders.scenario.tables import arrow

    arrow()
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, thrift_string_size_limit=64 << 20, thrift_container_size_limit=4 << 20)
    for batch in file.iter_batches(100_000, use_threads=False):
        yield from batch.to_pylist()


def _fcd_table(
    draft: Draft, path: Path, rows: Any, lines: Iterator[str] | None = None, separator: str = ","
) -> Iterator[tuple[str, str, float, float, float, float, float]]:
    names = None
    if lines is not None:
        header = [name.strip() for name in rows.fieldnames or ()]
        rows = csv.DictReader(lines, fieldnames=header, delimiter=separator)
    for number, row in enumerate(rows):
        if names is None:
            names = {key: next((n for n in choices if n in row), None) for key, choices in _FCD.items()}
            missing = [key for key in ("time", "id", "x", "y") if names[key] is None]
            if missing:
                raise draft.refuse(path, f"it has no column for {', '.join(missing)}.", "Export SUMO's fcd again.")
        try:
            values = [float(row[names[key]]) if names[key] else float("nan") for key in ("time", "x", "y", "speed")]
        except (TypeError, ValueError) as error:
            raise draft.refuse(path, "a position is no number.", place=f"row {number + 2}") from error
        kind = str(row[names["kind"]]) if names["kind"] else "car"
        yield str(row[names["id"]]), kind, values[0], values[1], values[2], float("nan"), values[3]


def _net_location(draft: Draft, path: Path) -> tuple[tuple[float, float], str, tuple[float, ...] | None]:
    """netOffset, projection and convBoundary of a .net.xml."""
    import pyproj

    for _, element in xml_events(draft, path):
        if element.tag == "location":
            try:
                x, y = (float(part) for part in element.get("netOffset", "0,0").split(","))
                bounds = tuple(float(part) for part in element.get("convBoundary", "").split(","))
            except ValueError as error:
                raise draft.refuse(path, "its location makes no sense.", place="location") from error
            told = element.get("projParameter", "!")
            try:
                code = None if told in ("!", "-", ".") else pyproj.CRS.from_user_input(told).to_epsg()
            except pyproj.exceptions.CRSError:
                code = None
            return (x, y), f"EPSG:{code}" if code else "", bounds if len(bounds) == 4 else None
    return (0.0, 0.0), "", None


def run_czml(draft: Draft) -> None:
    """Packets with sampled positions; clock and epochs are the file's own."""
    path = draft.inputs[0]
    packets = read_json(draft, path)
    if not isinstance(packets, list):
        raise draft.refuse(path, "it is no list of CZML packets.")
    document = next((p for p in packets if isinstance(p, dict) and p.get("id") == "document"), {})
    start = str(document.get("clock", {}).get("interval", "")).partition("/")[0]
    samples = _Samples(draft, path)
    left = 0
    for number, packet in enumerate(packets):
        position = packet.get("position") if isinstance(packet, dict) else None
        if not isinstance(position, dict) or "cartographicDegrees" not in position:
            left += isinstance(position, dict)
            continue
        start = start or str(position.get("epoch", ""))
        _czml_packet(draft, path, samples, packet, position, number, start)
    if left:
        draft.note(f"{left} packets have positions in a form that is not read (only cartographicDegrees is).")
    draft.crs = "EPSG:4326"
    _finish(draft, samples, start or draft.ask_start())


def _czml_packet(
    draft: Draft, path: Path, samples: _Samples, packet: Json, position: Json, number: int, start: str
) -> None:
    values = position["cartographicDegrees"]
    place = f"packet {number}"
    if not isinstance(values, list) or len(values) % 4:
        raise draft.refuse(path, "cartographicDegrees does not hold groups of four.", place=place)
    epoch = str(position.get("epoch", start))
    name = str(packet.get("id", number))
    shift = _seconds_between(draft, path, start, epoch, place)
    kind = str(packet.get("properties", {}).get("type", "") or packet.get("description", "") or name)
    for k in range(0, len(values), 4):
        moment, *lonlat = values[k : k + 4]
        if isinstance(moment, str):
            moment = _seconds_between(draft, path, start, moment, place)
        numbers = [moment, *lonlat]
        if not all(isinstance(v, int | float) and v == v and abs(v) < 1e12 for v in numbers):
            raise draft.refuse(path, "a position is no number.", place=place)
        z = float(lonlat[2]) or float("nan")
        samples.add(name, kind, shift + float(moment), float(lonlat[0]), float(lonlat[1]), z, float("nan"))


def _seconds_between(draft: Draft, path: Path, start: str, moment: str, place: str) -> float:
    from loaders.scenario.times import parse_moment

    try:
        return (
            parse_moment(moment.replace("z", "Z")) - parse_moment(start.replace("z", "Z")) if moment != start else 0.0
        )
    except ValueError as error:
        raise draft.refuse(path, f"{error}.", place=place) from error


def run_mf(draft: Draft) -> None:
    """Moving points of OGC 19-045r3, "Trajectory" and "Prism" encodings."""
    path = draft.inputs[0]
    raw = read_json(draft, path)
    samples = _Samples(draft, path)
    moments: list[datetime] = []
    features = raw.get("features", [raw]) if isinstance(raw, dict) else []
    ways = [way for number, feature in enumerate(features) for way in _mf_ways(draft, path, feature, number)]
    for _, _, dates, _ in ways:
        moments += dates
    if not moments:
        raise draft.refuse(path, "there is no moving point in it.")
    first = min(moments)
    for name, kind, dates, places in ways:
        for date, place in zip(dates, places, strict=True):
            z = float(place[2]) if len(place) > 2 else float("nan")
            samples.add(name, kind, (date - first).total_seconds(), float(place[0]), float(place[1]), z, float("nan"))
    told = raw.get("crs", {}) if isinstance(raw, dict) else {}
    named = str(told.get("properties", {}).get("name", "")) if isinstance(told, dict) else ""
    draft.crs = draft.crs or _mf_crs(named)
    _finish(draft, samples, first.isoformat())


def _mf_crs(named: str) -> str:
    code = named.rpartition("/")[2].rpartition(":")[2]
    return f"EPSG:{code}" if code.isdigit() else "EPSG:4326"


def _mf_ways(
    draft: Draft, path: Path, feature: Any, number: int
) -> Iterator[tuple[str, str, list[datetime], list[Any]]]:
    if not isinstance(feature, dict):
        return
    facts = feature.get("properties") or {}
    name = str(feature.get("id", facts.get("name", number)))
    geometry = feature.get("temporalGeometry")
    parts = geometry.get("prisms", [geometry]) if isinstance(geometry, dict) else []
    if not parts and isinstance(facts.get("datetimes"), list):
        parts = [{"coordinates": feature.get("geometry", {}).get("coordinates"), "datetimes": facts["datetimes"]}]
    for part in parts:
        dates, places = part.get("datetimes"), part.get("coordinates")
        place = f"feature {number}"
        if not isinstance(dates, list) or not isinstance(places, list) or len(dates) != len(places):
            raise draft.refuse(path, "there is not one moment for each position.", place=place)
        try:
            found = [_date(value) for value in dates]
            rows = [[float(v) for v in row] for row in places]
        except (TypeError, ValueError, OverflowError) as error:
            raise draft.refuse(path, "a moment or position makes no sense.", place=place) from error
        yield name, str(facts.get("type", "car")), found, rows


def _date(value: Any) -> datetime:
    from datetime import UTC

    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000.0, UTC)
    found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _finish(draft: Draft, samples: _Samples, start: str) -> None:
    """Write the table and the variable."""
    draft.settle()
    samples.write(draft.data("movers.parquet"))
    seconds = [row[0] for row in samples.numbers]
    count = int(max(seconds) // 60) + 1
    zone = draft.ask_zone()
    time: Json = {"kind": "instants", "start": start.strip(), "step": 60, "count": max(count, 1)}
    if zone != "UTC":
        time["zone"] = zone
    speed = any(row[4] == row[4] for row in samples.numbers)
    data: Json = {"file": "data/movers.parquet", "id": "id", "mover": "kind", "time": "time", "x": "x", "y": "y",
                  "z": "z", "crs": draft.crs}  # fmt: skip
    if speed:
        data["value"] = "speed"
    draft.add({"id": "movers", "title": "Vehicles and people", "binding": "trajectories", "unit": "m/s",
               "quantity": "speed", "time": time, "data": data})  # fmt: skip


def read_json(draft: Draft, path: Path) -> Any:
    """JSON within limits: no NaN, not nested too deeply."""
    from loaders.scenario.jsontext import BadJson, parse_json

    try:
        return parse_json(path.read_bytes(), max_bytes=1 << 30)
    except BadJson as error:
        raise draft.refuse(path, f"{error}.", "Export it again.") from error


def xml_events(draft: Draft, path: Path) -> Iterator[tuple[str, Any]]:
    """Start and end of every element; entities and anything outside the file are refused."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, iterparse

    try:
        with _unpacked(draft, path) as file:
            yield from iterparse(
                file, events=("start", "end"), forbid_dtd=False, forbid_entities=True, forbid_external=True
            )
    except DefusedXmlException as error:
        raise draft.refuse(path, "it defines entities, which is not allowed.", "Remove its DTD.") from error
    except ParseError as error:
        raise draft.refuse(path, f"the XML is damaged ({str(error)[:80]}).", "Export it again.") from error


class _Gunzipped(io.RawIOBase):
    """What a gzip file holds, read piece by piece; what grows beyond all reason is refused."""

    def __init__(self, draft: Draft, path: Path) -> None:
        self._draft, self._path = draft, path
        self._packed = path.open("rb")
        self._file = gzip.GzipFile(fileobj=self._packed)
        self._done = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; LoadError for damage, and for what is a bomb."""
        try:
            piece = self._file.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            reason = f"its gzip data are damaged ({str(error)[:80]})."
            raise self._draft.refuse(self._path, reason, "Export or download it again.") from error
        self._done += len(piece)
        if self._done > MOST_UNPACKED or (self._done > _SMALL and self._done > _RATIO * self._packed.tell()):
            told = f"unpacks to more than {_RATIO} times its size" if self._done <= MOST_UNPACKED else "is too large"
            raise self._draft.refuse(self._path, f"it {told}.", "Unpack it by hand if you trust it.")
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close both files."""
        self._file.close()
        self._packed.close()
        super().close()


def _unpacked(draft: Draft, path: Path) -> BinaryIO:
    if path.name.endswith(".gz"):
        return io.BufferedReader(_Gunzipped(draft, path), 1 << 20)
    return path.open("rb")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _text(path: Path, head: bytes) -> str:
    if head.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path, "rb") as file:
                head = file.read(4096)
        except (OSError, EOFError, zlib.error):
            return ""
    return head.decode("utf-8", "replace")
