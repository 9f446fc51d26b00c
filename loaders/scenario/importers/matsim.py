"""MATSim: a network and the events of a run, as vehicles per hour on the links and as ways of single vehicles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loaders.scenario.importers.kit import Draft, ImporterSpec, Json
from loaders.scenario.importers.moving import _head, _Samples, _text, xml_events

HOUR = 3600.0
MOST_HOURS = 48
LONGEST = 1e6
"""Seconds from the beginning at which an event may happen."""
BETWEEN = 30.0
"""Seconds between two positions of a vehicle on a long link; no longer gap may stay open."""


def sniff(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """A network, with or without events; or events, for which a network is then asked."""
    texts = [_text(path, head) for path, head in zip(paths, heads, strict=True)]
    if any("<events" in text for text in texts):
        return 95
    return 70 if any("<network" in text and "<node" in text for text in texts) else 0


SPEC = ImporterSpec("matsim", "MATSim network and events", sniff, "loaders.scenario.importers.matsim:run")


def run(draft: Draft) -> None:
    """Coordinates are in the CRS of the network, which no file tells; so are the date and the sample's share."""
    draft.tool = draft.tool or "MATSim"
    kinds = {path: _text(path, _head(path)) for path in draft.inputs}
    networks = [path for path, text in kinds.items() if "<network" in text]
    events = [path for path, text in kinds.items() if "<events" in text]
    if not networks or not events:
        what = "a network" if not networks else "the events of a run"
        raise draft.refuse(draft.inputs[0], f"{what} is needed as well.", "Give network and output_events together.")
    draft.crs = draft.crs or draft.ask_crs()
    start = draft.ask_start("second 0 of the simulated day")
    share = draft.ask_number("sample", "Which share of the population was simulated (1 = all)?", "0.1")
    draft.settle()
    links = read_network(draft, networks[0])
    counts, samples = _follow(draft, events[0], links)
    _write_links(draft, links, counts, start, share or 1.0)
    if samples.ids:
        samples.write(draft.data("movers.parquet"))
        _add_movers(draft, samples, start)
    else:
        draft.note("No vehicle moves in the events.")


def read_network(draft: Draft, path: Path) -> dict[str, tuple[float, float, float, float, float, float]]:
    """Link -> x and y of both ends, length (m), free speed (m/s)."""
    nodes: dict[str, tuple[float, float]] = {}
    links = {}
    for event, element in xml_events(draft, path):
        if event == "end":
            continue
        try:
            if element.tag == "node":
                nodes[element.get("id", "")] = (float(element.get("x", "nan")), float(element.get("y", "nan")))
            elif element.tag == "link":
                ends = (*nodes[element.get("from", "")], *nodes[element.get("to", "")])
                links[element.get("id", "")] = (
                    *ends,
                    float(element.get("length", 0)),
                    float(element.get("freespeed", 1)),
                )
        except (KeyError, ValueError) as error:
            where = f"link {element.get('id', '')[:60]}"
            raise draft.refuse(path, "it names a node that there is none of, or no number.", place=where) from error
    return links


def _follow(draft: Draft, path: Path, links: dict[str, Any]) -> tuple[dict[str, list[float]], _Samples]:
    """Vehicles that enter every link by hour, and where each is when it enters and leaves one."""
    counts: dict[str, list[float]] = defaultdict(lambda: [0.0] * MOST_HOURS)
    samples = _Samples(draft, path)
    unknown = 0
    entered: dict[str, tuple[str, float]] = {}
    for event, element in xml_events(draft, path):
        if event == "start" or element.tag != "event":
            continue
        kind, link, vehicle = (element.get(key, "") for key in ("type", "link", "vehicle"))
        seconds = _number(element.get("time"))
        element.clear()
        if kind not in ("entered link", "left link", "vehicle enters traffic", "vehicle leaves traffic"):
            continue
        if link not in links or seconds is None:
            unknown += 1
            continue
        x0, y0, x1, y1, _, speed = links[link]
        entering = kind in ("entered link", "vehicle enters traffic")
        if entering:
            counts[link][min(max(int(seconds // HOUR), 0), MOST_HOURS - 1)] += 1.0
        at = (x0, y0) if kind == "entered link" else (x1, y1)
        begun = entered.pop(vehicle, None)
        if kind == "entered link":
            entered[vehicle] = link, seconds
        elif begun is not None and begun[0] == link:
            for when, share in _on_the_way(begun[1], seconds, links[link]):
                samples.add(vehicle, "car", when, x0 + share * (x1 - x0), y0 + share * (y1 - y0), float("nan"), speed)
        samples.add(vehicle, "car", seconds, *at, float("nan"), speed)
    if unknown:
        draft.note(f"{unknown:,} events name links that are not in the network; they are left out.")
    return counts, samples


def _on_the_way(begun: float, left: float, link: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    """Moments between entering and leaving a link, at most `BETWEEN` seconds apart, and the share of it that is behind:
    MATSim's vehicles drive at free speed and wait at its end until there is room."""
    arrived = min(begun + link[4] / max(link[5], 0.1), left)
    moments = {begun + k * BETWEEN for k in range(1, int((left - begun) // BETWEEN) + 1)} | {arrived}
    for when in sorted(moments):
        if begun < when < left:
            yield when, min((when - begun) / max(arrived - begun, 1e-9), 1.0)


def _number(text: str | None) -> float | None:
    """A number of seconds; None for what is none, or no moment of a simulated day or week."""
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if abs(found) <= LONGEST else None


def _write_links(draft: Draft, links: dict[str, Any], counts: dict[str, list[float]], start: str, share: float) -> None:
    import json

    busy = [h for h in range(MOST_HOURS) if any(row[h] for row in counts.values())]
    hours = range(busy[0], busy[-1] + 1) if busy else range(1)
    names = [f"h{hour:02d}" for hour in hours]
    features = []
    for link, (x0, y0, x1, y1, length, speed) in links.items():
        row = counts.get(link)
        facts: Json = {"id": link, "length": length, "freespeed": speed}
        facts |= {name: (row[hour] / share if row else 0.0) for name, hour in zip(names, hours, strict=True)}
        features.append({"type": "Feature", "properties": facts,
                         "geometry": {"type": "LineString", "coordinates": [[x0, y0], [x1, y1]]}})  # fmt: skip
    text = json.dumps({"type": "FeatureCollection", "features": features}, allow_nan=False)
    draft.data("links.geojson").write_text(text, "utf-8")
    draft.add({
        "id": "vehicles", "title": "Vehicles per hour", "binding": "links", "unit": "1/h", "unit_label": "vehicles/h",
        "zero_is_none": True, "good": "low", "palette": "traffic",
        "time": {"kind": "intervals", "start": _later(start, hours[0] * HOUR), "step": HOUR, "count": len(names)},
        "data": {"file": "data/links.geojson", "crs": draft.crs, "id": "id", "value": names},
    })  # fmt: skip


def _later(start: str, seconds: float) -> str:
    from loaders.scenario.times import iso, parse_moment

    return iso(parse_moment(start) + seconds)


def _add_movers(draft: Draft, samples: _Samples, start: str) -> None:
    last = max(row[0] for row in samples.numbers)
    draft.add({
        "id": "movers", "title": "Vehicles", "binding": "trajectories", "unit": "m/s", "quantity": "speed",
        "time": {"kind": "instants", "start": start, "step": 60, "count": int(last // 60) + 1},
        "data": {"file": "data/movers.parquet", "id": "id", "mover": "kind", "time": "time", "x": "x", "y": "y",
                 "z": "z", "crs": draft.crs, "value": "speed"},
    })  # fmt: skip
