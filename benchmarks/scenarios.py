"""Scenarios: what a time step, a switch and a comparison cost, from 1,000 to 1,000,000 objects, beside plain PyVista.

Results over time on the same mesh and in the same picture (1280 x 800, off-screen) in both programs. Every measurement
is a process of its own; inputs are made by code, once, in ``benchmarks/inputs`` (4 GB; --quick: 60 MB). "CPU" is the
time of all cores together, which a busy machine changes less than the median. OpenGL on the processor counts there.

python -m benchmarks.scenarios [CASE ...] [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.frames import SIZE, orbit, peak_mib
from benchmarks.rows import Row, run

CASES = ("objects", "package", "raster", "vehicles", "switch", "compare", "difference", "exposure", "growth")
PEER_CASES = ("objects", "raster", "vehicles", "growth")
PATIENCE = 900
DRAWN = 8
"""Steps of a scrub that are drawn."""
CACHE_BYTES = 16 << 30


class Sizes:
    """How large everything is."""

    def __init__(self, quick: bool):
        self.objects, self.steps = (100_000, 20) if quick else (1_000_000, 100)
        self.side, self.rasters = (1024, 12) if quick else (4096, 48)
        self.vehicles = 5_000 if quick else 50_000
        self.growth = (1_000, 10_000, 100_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
        self.buildings = (12_000, 100_000) if quick else (12_000, 1_000_000)
        self.scrubbed = 12 if quick else 30


class Clocked:
    """Medians of wall and CPU time of acts, in ms."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    def do(self, name: str, act: Callable[[], Any]) -> Any:
        """Do it, and note how long it took."""
        cpu, wall = time.process_time(), time.perf_counter()
        found = act()
        self.wall.setdefault(name, []).append(1000.0 * (time.perf_counter() - wall))
        self.cpu.setdefault(name, []).append(1000.0 * (time.process_time() - cpu))
        return found

    def ms(self, name: str) -> float:
        """The median."""
        return median(self.wall[name])

    def told(self, name: str) -> str:
        """Name, wall and CPU."""
        return f"{name} {self.ms(name):.3g} (CPU {median(self.cpu[name]):.3g})"


class Ours:
    """This program: a document with scenarios, and `SceneView` off-screen."""

    def __init__(self, city: Any, *scenarios: Any, variable: str):
        from loaders.api import LoadResult
        from viewer.document.document import Document
        from viewer.document.state import LayerState, ScenarioState
        from viewer.render.offscreen import OffscreenView

        self.document, self.city = Document(), city
        with self.document.change("Open") as edit:
            edit.add_city(LayerState("town", "Town", "town.json"), LoadResult(city, "made", ""))
            for made in scenarios:
                edit.add_scenario(ScenarioState(made.manifest.id, made.manifest.id, made.manifest.id), made)
        self.variable, self.moment = variable, None
        self.view = OffscreenView(*SIZE)
        self.scene = self.view.scene
        eye, target = orbit(city.bbox, False, 0)
        from viewer.document.state import Camera

        self.camera = Camera(tuple(eye.tolist()), tuple(target.tolist()))
        self.state: Any = None
        self.resting(False)

    def resting(self, rests: bool) -> None:
        """Pictures of a camera at rest (shadows of the very moment), or while time runs, as the window draws them."""
        self.rests = rests
        self.scene.set_moving(not rests)

    def show(self, *ids: str, mode: str = "single", sun: bool = False) -> None:
        """Say what is seen."""
        from dataclasses import replace

        with self.document.change("Show") as edit:
            view = replace(edit.state.scenario_view, shown=ids, variable=self.variable, mode=mode, sun=sun)
            edit.state = replace(edit.state, scenario_view=view)

    def attach(self) -> None:
        """Bring the city to the GPU and draw."""
        self.prepare()
        self.scene.apply(self.state)
        self.scene.attach("town", self.city)
        self.draw()

    def prepare(self) -> None:
        """All that the next picture shows, as numbers."""
        from viewer.render.resolve import resolve

        self.state = resolve(self.document, self.camera, size=SIZE, moment=self.moment, wait=True)

    def draw(self) -> None:
        """Hand it over and draw."""
        self.scene.apply(self.state)
        for _ in self.scene.render_steps(None, refine=self.rests):
            pass
        self.scene.window.WaitForCompletion()

    def scrub(self, clock: Clocked, moments: Any) -> None:
        """Every moment is prepared; of many some are drawn as well, and each once more."""
        for number, moment in enumerate(moments):
            self.moment = float(moment)
            if number % max(1, round(len(moments) / DRAWN)):
                self.prepare()
                continue

            def act() -> None:
                clock.do("prepare", self.prepare)
                self.draw()

            clock.do("step", act)
            clock.do("frame alone", self.draw)

    def close(self) -> None:
        """Free the window."""
        self.view.close()


def step_rows(clock: Clocked, what: str, sent: int) -> list[Row]:
    """Rows of a scrub; ``sent``: bytes that go to the GPU for a step."""
    source = np.ones(sent, np.uint8)
    clock.do("copy", lambda: source.copy())
    clock.do("copy", lambda: source.copy())
    more = max(clock.ms("step") - clock.ms("frame alone"), 0.0)
    limit = f"least: {sent / 1e6:.3g} MB go to the GPU, copying them in memory takes {clock.ms('copy'):.2g} ms"
    parts = "; ".join(clock.told(name) for name in ("step", "prepare", "frame alone"))
    return [
        Row(f"step, {what}", "", clock.ms("step"), "ms", f"values to pixels: {parts}"),
        Row(f"step without its frame, {what}", "", more, "ms", limit),
        Row(f"memory, {what}", "", peak_mib(), "MiB", "resident at most, all steps gone through"),
    ]


# --- this program -----------------------------------------------------------------------------------------------------


def objects(sizes: Sizes, count: int = 0, steps: int = 0, scrubbed: int = 0) -> list[Row]:
    """Objects recoloured step by step."""
    from benchmarks import scenario_inputs as made

    count, steps = count or sizes.objects, steps or sizes.steps
    city = made.town(count)
    ours = Ours(city, made.scenario("a", made.depths(count, steps, 0, city.objects.ids)), variable="depth")
    ours.show("a")
    ours.moment = made.START
    ours.attach()
    clock = Clocked()
    ours.scrub(clock, made.START + made.HOUR * np.linspace(0, steps - 1, scrubbed or steps).astype(int))
    rows = step_rows(clock, f"{count:,} objects", 4 * count)
    if count == sizes.objects:
        rows.append(at_rest(ours, made.START + made.HOUR * np.arange(2, 5), f"{count:,} objects"))
    ours.close()
    return rows


def at_rest(ours: Ours, moments: Any, what: str) -> Row:
    """Steps of a picture at rest, the sun following the clock: maps of shadows are made anew as well."""
    clock = Clocked()
    ours.show("a", sun=True)
    ours.resting(True)
    ours.draw()
    ours.scrub(clock, moments)
    how = f"full quality, sun and shadows of the moment: {clock.told('step')}; {clock.told('frame alone')}"
    return Row(f"step at rest, {what}", "", clock.ms("step"), "ms", how)


def growth(sizes: Sizes) -> list[Row]:
    """The same from few to many."""
    return [
        row for count in sizes.growth[:-1] for row in objects(sizes, count, 20, 20) if not row.what.startswith("memory")
    ]


def ground(sizes: Sizes) -> Any:
    """A plain ground as large as the rasters."""
    from benchmarks import scenario_inputs as made
    from loaders.city import CrsInfo
    from viewer.analysis.sheets import sheet

    (x, y), reach = made.CORNER, made.CELL * sizes.side
    outline = np.array([[x, y], [x + reach, y], [x + reach, y + reach], [x, y + reach]])
    return sheet("ground", CrsInfo("EPSG:28992"), outline, 0.0)


def inputs(sizes: Sizes) -> list[Row]:
    """Make what takes long, in a process that is not measured."""
    from benchmarks import scenario_inputs as made

    made.raster_package(sizes.side, sizes.rasters)
    return []


def opened(sizes: Sizes) -> Any:
    """The package of rasters, read or from the cache."""
    from benchmarks import scenario_inputs as made
    from loaders.scenario.prepare import open_scenario
    from loaders.store import ArrayCache

    path = made.raster_package(sizes.side, sizes.rasters)
    return open_scenario(path, cache=ArrayCache(made.FOLDER / "scenario-cache", CACHE_BYTES))


def package(sizes: Sizes) -> list[Row]:
    """Opening a package of rasters, the first time and again."""
    import shutil

    from benchmarks import scenario_inputs as made

    path = made.raster_package(sizes.side, sizes.rasters)
    size = sum(file.stat().st_size for file in path.parent.rglob("*")) / 1e6
    shutil.rmtree(made.FOLDER / "scenario-cache", ignore_errors=True)
    clock, what = Clocked(), f"{sizes.side} x {sizes.side} x {sizes.rasters} raster"
    clock.do("first", lambda: opened(sizes))
    first = peak_mib()
    clock.do("again", lambda: opened(sizes))
    return [
        Row(f"open package, {what}", "", clock.ms("first"), "ms", f"{size:.0f} MB, all checked and stored for later"),
        Row(f"open from cache, {what}", "", clock.ms("again"), "ms", "mapped"),
        Row(f"memory of opening, {what}", "", first, "MiB", "of the program; a worker with limits of its own reads"),
    ]


def raster(sizes: Sizes) -> list[Row]:
    """A raster on the ground step by step, out of the cache."""
    scenario = opened(sizes)
    ours = Ours(ground(sizes), scenario, variable="heat")
    ours.show(scenario.manifest.id)
    times = scenario.results["heat"].time.starts
    ours.moment = float(times[0])
    ours.attach()
    clock = Clocked()
    ours.scrub(clock, times)
    ours.close()
    return step_rows(clock, f"{sizes.side} x {sizes.side} raster, {len(times)} steps", 4 * sizes.side**2)


def vehicles(sizes: Sizes) -> list[Row]:
    """Vehicles in motion."""
    from benchmarks import scenario_inputs as made

    result = made.traffic(sizes.vehicles)
    ours = Ours(ground(Sizes(False)), made.scenario("a", result), variable="movers")
    ours.show("a")
    ours.moment = made.START
    ours.attach()
    clock = Clocked()
    ours.scrub(clock, made.START + np.linspace(1.0, 180.0, sizes.scrubbed))
    ours.close()
    what, rate = f"{sizes.vehicles:,} vehicles", 1000.0 / clock.ms("step")
    parts = "; ".join(clock.told(name) for name in ("step", "prepare", "frame alone"))
    return [
        Row(
            f"frame, {what}", "", clock.ms("step"), "ms", f"places, headings, colours, picture ({rate:.0f}/s): {parts}"
        ),
        Row(f"memory, {what}", "", peak_mib(), "MiB", "resident at most"),
    ]


def pair(sizes: Sizes, count: int) -> Ours:
    """Two to four scenarios of objects, with a picture."""
    from benchmarks import scenario_inputs as made

    city = made.town(count)
    scenarios = [made.scenario(name, made.depths(count, 4, seed, city.objects.ids)) for seed, name in enumerate("abcd")]
    ours = Ours(city, *scenarios, variable="depth")
    ours.show("a")
    ours.moment = made.START
    ours.attach()
    return ours


def switch(sizes: Sizes) -> list[Row]:
    """From one scenario to the other, both seen before."""
    rows = []
    for count in (sizes.objects // 10, sizes.objects):
        ours, clock = pair(sizes, count), Clocked()
        for turn in range(6):
            name = "ba"[turn % 2]

            def act(name: str = name, ours: Ours = ours) -> None:
                ours.show(name)
                ours.prepare()
                ours.scene.apply(ours.state)

            clock.do("first" if turn < 2 else "switch", act)
            clock.do("picture", ours.draw)
        told = f"{clock.told('switch')}; first time {clock.ms('first'):.3g}; then a picture {clock.ms('picture'):.3g}"
        rows.append(Row(f"switch, {count:,} objects", "", clock.ms("switch"), "ms", f"before its picture: {told}"))
        ours.close()
    return rows


def compare(sizes: Sizes) -> list[Row]:
    """Frames with two to four scenarios, in turns with frames of one."""
    ours, clock = pair(sizes, sizes.objects // 10), Clocked()
    looks = [("one", "single", "a"), ("swipe", "swipe", "ab"), ("blend", "blend", "ab"), ("split 2", "split", "ab"),
             ("split 4", "split", "abcd")]  # fmt: skip
    states = {}
    for name, mode, ids in looks:
        ours.show(*ids, mode=mode)
        ours.prepare()
        states[name] = ours.state
    for turn in range(9):
        for name, state in states.items():
            ours.state = state
            ours.draw()
            clock.do(name if turn else "warming", ours.draw)
    ours.close()
    one, rows = clock.ms("one"), [Row("frame, one scenario", "", clock.ms("one"), "ms", clock.told("one"))]
    cpu = {name: median(clock.cpu[name]) for name, *_ in looks}
    for name in ("swipe", "blend"):
        share = 100.0 * (cpu[name] / max(cpu["one"], 1e-3) - 1.0)
        how = f"{clock.told(name)}; wall {100.0 * (clock.ms(name) / one - 1.0):+.1f} %"
        rows.append(Row(f"{name}, more than one scenario", "", share, "% CPU", how))
    for name in ("split 2", "split 4"):
        rows.append(Row(f"frame, {name}", "", clock.ms(name), "ms", f"{clock.told(name)}; all panes"))
    return rows


def difference(sizes: Sizes) -> list[Row]:
    """B minus A."""
    from benchmarks import scenario_inputs as made
    from loaders.scenario.model import Result
    from viewer.analysis.difference import difference as subtract

    ids = made.names(sizes.objects)
    a, b = (made.depths(sizes.objects, 4, seed, ids) for seed in (0, 1))
    one, two = (
        Result(made.HEAT, made.hours(1), made.one_raster(sizes.side, 0, seed)[None], grid=made.grid(sizes.side))
        for seed in (0, 1)
    )
    clock = Clocked()
    clock.do("objects, first", lambda: subtract(a, b, 0, 0))
    for step in range(3):
        clock.do("objects", lambda step=step: subtract(a, b, step, step))
        clock.do("raster", lambda: subtract(one, two, 0, 0))
    first = f"; first time {clock.ms('objects, first'):.3g}"
    raster_of = f"{sizes.side} x {sizes.side} raster"
    return [
        Row(f"difference, {sizes.objects:,} objects", "", clock.ms("objects"), "ms", clock.told("objects") + first),
        Row(f"difference, {raster_of}", "", clock.ms("raster"), "ms", clock.told("raster")),
    ]


def exposure(sizes: Sizes) -> list[Row]:
    """The worst value of a raster at every building."""
    from benchmarks import scenario_inputs as made
    from loaders.city import CrsInfo
    from loaders.scenario.model import Grid, Result
    from viewer.analysis.exposure import exposure as at_buildings

    rows = []
    for count in sizes.buildings:
        city, clock = made.make_town(count), Clocked()
        reach = float((city.bbox[3:5] - city.bbox[:2]).max()) / sizes.side
        place = Grid((reach, 0.0, float(city.bbox[0]), 0.0, -reach, float(city.bbox[4])), sizes.side, sizes.side,
                     CrsInfo("EPSG:7415"))  # fmt: skip
        result = Result(made.HEAT, made.hours(1), made.one_raster(sizes.side, 0)[None], grid=place)
        found = clock.do("first", lambda r=result, c=city: at_buildings(r, 0, c))
        if found is None or not np.isfinite(found.values).all():
            raise RuntimeError("the buildings have no values")
        for _ in range(3):
            clock.do("exposure", lambda r=result, c=city: at_buildings(r, 0, c))
        how = f"{clock.told('exposure')}; first time, boxes measured: {clock.ms('first'):.3g}"
        rows.append(Row(f"exposure, {count:,} buildings", "", clock.ms("exposure"), "ms", how))
    return rows


# --- asking -----------------------------------------------------------------------------------------------------------


def child(program: str, case: str, quick: bool) -> list[Row]:
    """Measure one case of one program, in this process."""
    gc.collect()
    if program == "PyVista":
        from benchmarks import scenario_peer

        return list(getattr(scenario_peer, case)(Sizes(quick)))
    return list(globals()[case](Sizes(quick)))


def measure(options: argparse.Namespace) -> list[Row]:
    """Every case asked for, of both programs."""
    cases = options.cases or CASES
    rows = _ask("Citiverse", "inputs", options.quick) if {"package", "raster"} & set(cases) else []
    for case in cases:
        ours = _ask("Citiverse", case, options.quick)
        rows += [Row(row.what, "Citiverse", row.value, row.unit, row.note) for row in ours]
        if case in PEER_CASES and importlib.util.find_spec("pyvista") is not None:
            own = {row.what: row.value for row in ours}
            for row in _ask("PyVista", case, options.quick):
                base = own.get(row.what)
                ratio = f"; {row.value / base:.2f} x ours" if base and row.value is not None else ""
                rows.append(Row(row.what, "PyVista", row.value, row.unit, row.note + ratio))
    return rows


def _ask(program: str, case: str, quick: bool) -> list[Row]:
    command = [sys.executable, "-m", "benchmarks.scenarios", "--child", program, "--case", case]
    command += ["--quick"] * quick
    begun = time.perf_counter()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=dict(os.environ), timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return [Row(case, program, None, "", f"no end after {PATIENCE} s")]
    if done.returncode:
        return [Row(case, program, None, "", f"failed: {' '.join(done.stderr.strip().splitlines()[-1:])}")]
    print(f"{program}, {case}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return [Row(**row) for row in json.loads(done.stdout.strip().splitlines()[-1])]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenarios", description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--quick", action="store_true", help="smaller ones; about a minute")
    parser.add_argument("--child", choices=("Citiverse", "PyVista"), help=argparse.SUPPRESS)
    parser.add_argument("--case", choices=(*CASES, "inputs"), default="objects", help=argparse.SUPPRESS)
    known, _ = parser.parse_known_args()
    if known.child:
        print(json.dumps([asdict(row) for row in child(known.child, known.case, known.quick)]))
        sys.exit(0)
    sys.exit(run(measure, parser))
