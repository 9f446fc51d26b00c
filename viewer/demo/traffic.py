"""Scenario: the morning rush on the streets of the demo town, as it is and with the quays closed to cars.

Method: trips go from where people live to where they work, by a gravity model (trips fall with travel time). Cars take
the quickest way; travel times grow with load by the function of the Bureau of Public Roads (1964), t = t0 (1 + 0.15
(v / c)^4), and loads are averaged over a few rounds (method of successive averages). Single cars, trams, bicycles and
people on foot are then drawn by chance from these flows. Numbers are made up in plausible orders of magnitude.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import numpy as np
import numpy.typing as npt
import shapely

from viewer.demo import terrain
from viewer.demo.markings import rounded
from viewer.demo.town import Town

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

SPEED = {"main": 13.9, "street": 8.3, "quay": 8.3, "lane": 4.2}
"""Metres per second on an empty street of each class."""
CAPACITY = {"main": 1400.0, "street": 650.0, "quay": 600.0, "lane": 250.0}
"""Cars per hour and direction."""
SHARE_CARS = 0.32
"""Share of working residents who go by car in the busiest hour."""
ZONES, ROUNDS = 130, 6
DECAY_S = 420.0
"""Travel time over which trips fall to 1 / e of what they were."""
START_HOUR = 8
MINUTES = 20
KERB_SIDE = 1.7
"""Metres to the right of the centre line."""


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """The street network as a graph. L links (pieces of street between crossings, both directions drivable).

    Attributes: lines (L,) centre lines; names, classes (L,); ends int64 (L, 2) node at the beginning and at the end;
    nodes float64 (N, 2) town coordinates; lengths float64 (L,).
    """

    lines: list[Float64]
    names: list[str]
    classes: list[str]
    ends: Int64
    nodes: Float64
    lengths: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Cars per hour on each link float64 (L,), both directions together, and their speed there (m/s)."""

    cars: Float64
    speed: Float64
    paths: list[tuple[float, tuple[int, ...]]]
    """Cars per hour and the directed links (2 link, + 1 against its direction) of every way that is taken."""


def streets_of(town: Town) -> Streets:
    """The graph of all streets for cars, cut at every crossing."""
    net, all_lines = town.plan.network, town.plan.lines
    use = np.flatnonzero([s.kind in SPEED for s in net.streets])
    pieces = shapely.get_parts(shapely.union_all(all_lines[use], grid_size=0.001))
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    nearest = shapely.STRtree(all_lines[use]).nearest(middles)
    order = np.lexsort((shapely.get_y(middles), shapely.get_x(middles)))
    numbers: dict[tuple[int, int], int] = {}
    lines, names, classes, ends = [], [], [], []
    for piece in order.tolist():
        points = shapely.get_coordinates(pieces[piece])
        tips = [numbers.setdefault((round(x * 1000), round(y * 1000)), len(numbers)) for x, y in points[[0, -1]]]
        street = net.streets[int(use[nearest[piece]])]
        lines.append(points)
        names.append(street.name)
        classes.append(street.kind)
        ends.append(tips)
    nodes = np.array(list(numbers), np.float64) / 1000.0
    return Streets(lines, names, classes, np.array(ends, np.int64), nodes, shapely.length(pieces)[order])


def assign(town: Town, streets: Streets, closed: frozenset[str] = frozenset()) -> Flows:
    """Flows of the busiest hour; ``closed``: classes of streets that cars may not use."""
    zones, people, jobs = _zones(town, streets)
    free = np.array([SPEED[kind] for kind in streets.classes])
    room = 2.0 * np.array([CAPACITY[kind] for kind in streets.classes])
    open_ = np.array([kind not in closed for kind in streets.classes])
    base = streets.lengths / free
    cars = np.zeros(len(base))
    times = base
    kept: dict[tuple[int, ...], float] = {}
    for step in range(1, ROUNDS + 1):
        loads, ways = _load(streets, np.where(open_, times, 1e9), zones, people, jobs)
        cars += (loads - cars) / step
        kept = {way: share * (step - 1) / step for way, share in kept.items()}
        for way, share in ways:
            kept[way] = kept.get(way, 0.0) + share / step
        times = base * (1.0 + 0.15 * (cars / room) ** 4)
    paths = sorted(((share, way) for way, share in kept.items() if share > 0.01), key=lambda p: (-p[0], p[1]))
    return Flows(np.round(cars, 1), streets.lengths / times, paths)


def _zones(town: Town, streets: Streets) -> tuple[list[int], Float64, Float64]:
    """Crossings that stand for their neighbourhood, with the working people and the jobs around each."""
    rng = np.random.default_rng(5)
    known = np.flatnonzero(np.bincount(streets.ends.ravel(), minlength=len(streets.nodes)) > 0)
    picked = [int(known[0])]
    away = np.linalg.norm(streets.nodes - streets.nodes[picked[0]], axis=1)
    while len(picked) < min(ZONES, len(known)):  # always the farthest: zones are spread evenly
        weight = np.where(np.isin(np.arange(len(away)), known), away, 0.0)
        picked.append(int(np.argmax(weight * rng.uniform(0.9, 1.0, len(weight)))))
        away = np.minimum(away, np.linalg.norm(streets.nodes - streets.nodes[picked[-1]], axis=1))
    tree = shapely.STRtree(shapely.points(streets.nodes[picked]))
    at = np.array([b.house.bodies[0].ring[0] for b in town.built])
    zone = tree.nearest(shapely.points(at.real, at.imag))
    living = np.array([b.facts.get("residents_18_64", 0) for b in town.built], np.float64)
    work = np.array([b.facts.get("jobs", 0) for b in town.built], np.float64)
    people, jobs = (np.bincount(zone, values, minlength=len(picked)).astype(np.float64) for values in (living, work))
    return picked, people * SHARE_CARS, jobs


def _load(
    streets: Streets, times: Float64, zones: list[int], people: Float64, jobs: Float64
) -> tuple[Float64, list[tuple[tuple[int, ...], float]]]:
    """All trips on their quickest ways: cars on every link, and the ways with their cars."""
    links = _adjacency(streets)
    loads = np.zeros(len(times))
    ways = []
    cost = times.tolist()
    for number, origin in enumerate(zones):
        if people[number] < 0.5:
            continue
        seconds, came = _quickest(links, cost, origin, len(streets.nodes))
        reach = np.array([seconds[goal] for goal in zones])
        pull = np.where(reach < 1e6, jobs * np.exp(-reach / DECAY_S), 0.0)
        pull[number] = 0.0
        if pull.sum() <= 0:
            continue
        trips = people[number] * pull / pull.sum()
        for goal, share in zip(zones, trips.tolist(), strict=True):
            if share > 0.05:
                way = _way(streets, came, origin, goal)
                loads[[code >> 1 for code in way]] += share
                ways.append((way, share))
    return loads, ways


def _adjacency(streets: Streets) -> list[list[tuple[int, int]]]:
    """For every node (next node, directed link)."""
    out: list[list[tuple[int, int]]] = [[] for _ in range(len(streets.nodes))]
    for link, (a, b) in enumerate(streets.ends.tolist()):
        out[a].append((b, 2 * link))
        out[b].append((a, 2 * link + 1))
    return out


def _quickest(
    links: list[list[tuple[int, int]]], cost: list[float], origin: int, count: int
) -> tuple[list[float], list[int]]:
    """Dijkstra (1959): seconds to every node and the directed link by which it is reached (-1 = not)."""
    seconds, came = [float("inf")] * count, [-1] * count
    seconds[origin] = 0.0
    heap = [(0.0, origin)]
    while heap:
        now, node = heapq.heappop(heap)
        if now > seconds[node]:
            continue
        for other, code in links[node]:
            there = now + cost[code >> 1]
            if there < seconds[other]:
                seconds[other], came[other] = there, code
                heapq.heappush(heap, (there, other))
    return seconds, came


def _way(streets: Streets, came: list[int], origin: int, goal: int) -> tuple[int, ...]:
    way = []
    node = goal
    while node != origin:
        code = came[node]
        way.append(code)
        node = int(streets.ends[code >> 1, code & 1])
    return tuple(reversed(way))


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Ways of single vehicles and people: one row per sample; seconds after the scenario's start, town coordinates."""

    ids: list[str]
    kinds: list[str]
    seconds: Float64
    places: Float64
    speeds: Float64


def movers(town: Town, streets: Streets, flows: Flows, seed: int = 3) -> Samples:
    """Who is on the way for `MINUTES` minutes."""
    rng = Random(seed)
    out, lanes = _Collector(), _lanes(streets)
    end = 60.0 * MINUTES
    for number, (share, way) in enumerate(flows.paths):
        expected = share * (MINUTES + 10) / 60.0
        count = int(expected) + (rng.random() < expected - int(expected))
        for index in range(count):
            kind = "truck" if rng.random() < 0.05 else "car"
            points, speeds = _along(lanes, way, flows.speed)
            out.drive(f"{kind}-{number}-{index}", kind, points, speeds * rng.uniform(0.85, 1.1),
                      rng.uniform(-600.0, end), end)  # fmt: skip
    _trams(town, out, end)
    _cyclists(lanes, flows, out, rng, end)
    _walkers(town, out, rng, end)
    return out.samples()


class _Collector:
    def __init__(self) -> None:
        self.ids: list[str] = []
        self.kinds: list[str] = []
        self.parts: list[Float64] = []

    def drive(self, name: str, kind: str, points: Float64, speeds: Float64, start: float, end: float) -> None:
        """One mover along points (k, 2) with the speed on each piece; only what lies within the time is kept."""
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        keep = np.append(True, steps > 0.01)
        points, speeds, steps = points[keep], speeds[keep[1:]], steps[keep[1:]]
        if len(points) < 2:
            return
        seconds = start + np.concatenate([[0.0], np.cumsum(steps / speeds)])
        low, high = max(0.0, float(seconds[0])), min(end, float(seconds[-1]))
        if high - low < 5.0:
            return
        at = np.unique(np.concatenate([[low], seconds[(seconds > low) & (seconds < high)], [high]]))
        xy = np.stack([np.interp(at, seconds, points[:, k]) for k in range(2)], axis=1)
        speed = speeds[np.clip(np.searchsorted(seconds, at, side="right") - 1, 0, len(speeds) - 1)]
        self.ids += [name] * len(at)
        self.kinds += [kind] * len(at)
        self.parts.append(np.column_stack([at, xy, speed]))

    def samples(self) -> Samples:
        """Everything, heights on the street."""
        rows = np.concatenate(self.parts)
        z = terrain.land(rows[:, 1], rows[:, 2]) + 0.06
        places = np.column_stack([rows[:, 1:3], z])
        return Samples(self.ids, self.kinds, np.round(rows[:, 0], 1), np.round(places, 2), np.round(rows[:, 3], 1))


def _lanes(streets: Streets) -> list[Float64]:
    """What is driven on for every directed link: the right of its centre line."""
    out = []
    for line, kind in zip(streets.lines, streets.classes, strict=True):
        by = 0.8 if kind == "lane" else KERB_SIDE
        out += [_beside(line, by), _beside(line[::-1], by)]
    return out


def _along(lanes: list[Float64], way: tuple[int, ...], speed: Float64) -> tuple[Float64, Float64]:
    """Points along the lanes, and the speed on each piece between them."""
    points = [lanes[code] for code in way]
    counts = [len(line) for line in points]
    return np.concatenate(points), np.repeat(speed[[code >> 1 for code in way]], counts)[:-1]


def _beside(line: Float64, by: float) -> Float64:
    """The line moved to the right."""
    way = np.diff(line, axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    right = np.stack([way[:, 1], -way[:, 0]], axis=1)
    mean = np.concatenate([right[:1], right[:-1] + right[1:], right[-1:]])
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    return line + by * mean


def _trams(town: Town, out: _Collector, end: float) -> None:
    for number, piece in enumerate(town.plan.network.tram):
        points = np.array([(p.real, p.imag) for p in rounded(piece)])
        for way, turned in (("out", points), ("back", points[::-1])):
            for index, start in enumerate(np.arange(-600.0, end, 300.0).tolist()):
                line = _beside(turned, 1.5)
                out.drive(f"tram-{number}-{way}-{index}", "tram", line, np.full(len(line) - 1, 7.5), start, end)


def _cyclists(lanes: list[Float64], flows: Flows, out: _Collector, rng: Random, end: float) -> None:
    """On the ways of the cars, slower, and fewer."""
    for number, (share, way) in enumerate(flows.paths[::2]):
        if rng.random() < share * 0.12:
            points, speeds = _along(lanes, way, np.full(len(flows.speed), 4.6))
            out.drive(f"bicycle-{number}", "bicycle", _beside(points, 1.1), speeds * rng.uniform(0.8, 1.25),
                      rng.uniform(-400.0, end), end)  # fmt: skip


def _walkers(town: Town, out: _Collector, rng: Random, end: float) -> None:
    """People on the pavements around the market square and along the paths."""
    middle = complex(*terrain.CENTRE)
    for number, street in enumerate(town.plan.network.streets):
        near = abs(street.line[0] - middle) < 700.0
        if street.kind not in ("lane", "path", "street", "quay") or not (near or street.kind == "path"):
            continue
        points = np.array([(p.real, p.imag) for p in street.line])
        length = sum(abs(b - a) for a, b in pairwise(street.line))
        for index in range(max(1, round(length / (30.0 if near else 90.0)))):
            line = points if rng.random() < 0.5 else points[::-1]
            side = {"lane": 1.3, "path": 0.5}.get(street.kind, 4.6) * rng.uniform(0.8, 1.15)
            speed = np.full(len(line) - 1, rng.uniform(1.0, 1.5))
            out.drive(f"person-{number}-{index}", "person", _beside(line, side), speed,
                      rng.uniform(-length / 1.2, end - 60.0), end)  # fmt: skip
