"""Walking and flying: a step of 1/60 s in a large city, the first drop to a street, and a way through streets.

Random input, so that most steps run into walls. The city's boxes of blocks are made before, in slices, as a window does
it. All times are processor time of this process.

python -m benchmarks.walk [--city NAME] [--steps N] [--json FILE]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.load import inputs
from benchmarks.rows import Row, run
from loaders.worker import load_in_process
from viewer.analysis.collision import CollisionWorld
from viewer.analysis.shown import shown_objects
from viewer.analysis.soup import Shapes
from viewer.analysis.ways import Slices, find_way
from viewer.document.state import LayerState
from viewer.session.walking import PEOPLE, Flyer, Stance, Walker, WalkInput, find_standing

FRAME = 1 / 60


def world_of(path: Path) -> tuple[CollisionWorld, int]:
    """The city as a walker meets it, and its triangles."""
    city = load_in_process(path).result.value
    shown = shown_objects(city, LayerState("a", "a", str(path)))
    lods = {int(k) - 1 for k in np.unique(shown) if k}
    count = sum(mesh.triangle_count for k, mesh in enumerate(city.lods.values()) if k in lods)
    return CollisionWorld([Shapes(city, shown)]), count


def dense_spot(world: CollisionWorld) -> tuple[float, float]:
    """Of places all over the city, the one with most triangles round it."""
    dice, box = random.Random(7), world.box
    spots = [(dice.uniform(box[0], box[3]), dice.uniform(box[1], box[4])) for _ in range(300)]
    return max(spots, key=lambda spot: len(world.place(*spot).solid))


def steps(mover: Walker | Flyer, count: int, seed: int) -> np.ndarray:
    """Milliseconds of each step of a random walk that changes its mind twice a second."""
    dice, wish = random.Random(seed), WalkInput(forward=1.0)
    times = np.empty(count)
    for k in range(count):
        if k % 30 == 0:
            wish = WalkInput(forward=1.0, right=dice.uniform(-0.4, 0.4), turn=dice.uniform(-1, 1), brisk=True)
        start = time.process_time()
        mover.step(wish, FRAME)
        times[k] = 1000 * (time.process_time() - start)
    return times


def searches(world: CollisionWorld, count: int = 40) -> list[Row]:
    """Ways of 20 to 150 m between streets all over the city: the whole search, and its longest slice."""
    dice, box, body = random.Random(11), world.box, PEOPLE["adult"]
    times: list[float] = []
    straight: list[float] = []
    slices: list[float] = []
    none = 0
    while len(times) + len(straight) < count:
        here = dice.uniform(box[0], box[3]), dice.uniform(box[1], box[4]), float(box[5])
        start = find_standing(world, here, body, reach=60.0)
        angle, far = dice.uniform(0, 2 * np.pi), dice.uniform(20, 150)
        if start is None:
            continue
        there = start[0] + far * np.cos(angle), start[1] + far * np.sin(angle), start[2]
        goal = find_standing(world, there, body, reach=25.0)
        if goal is None:
            continue
        found, parts = _timed(find_way(world, body, start, goal))
        slices.append(max(parts))
        none += found is None
        # where the straight way is free nothing is searched
        bent = found is None or _length(found) > 1.001 * np.hypot(goal[0] - start[0], goal[1] - start[1])
        (times if bent else straight).append(sum(parts))
    note = f"longest {max(times):.0f} ms; {none} of {count} have no way; longest slice {max(slices):.1f} ms"
    rows = [Row("search for a way round something, 20 to 150 m", "Citiverse", float(np.median(times)), "ms", note)]
    if straight:
        rows.append(Row("the same where it is free", "Citiverse", float(np.median(straight)), "ms", ""))
    return rows


def _timed(steps: Slices) -> tuple[np.ndarray | None, list[float]]:
    parts = []
    while True:
        start = time.process_time()
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value, [*parts, 1000 * (time.process_time() - start)]
        parts.append(1000 * (time.process_time() - start))


def _length(way: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(way[:, :2], axis=0), axis=1).sum())


def measure(options: argparse.Namespace) -> list[Row]:
    """All rows for one city."""
    path = inputs()[options.city]
    world, count = world_of(path)
    slices = []
    start = time.process_time()
    for _ in world.prepare():
        slices.append(time.process_time() - start)
        start = time.process_time()
    box = world.box
    assert box is not None
    x, y = dense_spot(world)
    start = time.process_time()
    feet = find_standing(world, (x, y, float(box[5])), PEOPLE["adult"], reach=300.0)
    drop = 1000 * (time.process_time() - start)
    if feet is None:
        print("no street in the middle of the city", file=sys.stderr)
        return []
    walker = Walker(world, Stance(feet))
    walk = steps(walker, options.steps, 1)
    flyer = Flyer(world, Stance((feet[0], feet[1], feet[2] + 8.0)))
    flyer.settle()
    fly = steps(flyer, options.steps, 2)
    what = f"{options.city}, {count / 1e6:.1f} M triangles"
    note = f"99 %: {np.percentile(walk, 99):.2f}, longest {walk.max():.1f}, mean {walk.mean():.2f}"
    flown = f"99 %: {np.percentile(fly, 99):.2f}, longest {fly.max():.1f}, mean {fly.mean():.2f}"
    return [
        Row(f"walking step, {what}", "Citiverse", float(np.median(walk)), "ms", note),
        Row("flying step", "Citiverse", float(np.median(fly)), "ms", flown),
        Row(
            "boxes of blocks, all", "Citiverse", 1000 * sum(slices), "ms", f"longest slice {1000 * max(slices):.1f} ms"
        ),
        Row("drop to a street", "Citiverse", drop, "ms", "from above a building"),
        *searches(world),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walk", description=__doc__.splitlines()[0])
    parser.add_argument("--city", default="delft", choices=("delft", "linz", "delfshaven"))
    parser.add_argument("--steps", type=int, default=3600)
    sys.exit(run(measure, parser))
