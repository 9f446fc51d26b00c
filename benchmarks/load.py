"""File -> arrays ready to draw, beside bare JSON parsers, on three cities of about 57,000 objects.

    python -m benchmarks.load [--runs 3] [--city delft]

Every figure comes from a fresh process; runs alternate between the readers, so that a busy machine slows all alike;
the table shows the best run. "factor" is wall time against a bare pysimdjson parse of the same bytes in the same
session, "cpu" the same for processor time (user + system), which a busy machine disturbs less. "memory" is
the highest sum of proportional set sizes of all processes, against the size of the file.
"""

from __future__ import annotations

import argparse
import gc
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.rows import Row
from benchmarks.rows import run as run_table

HERE = Path(__file__).resolve().parent
INPUTS = HERE / "inputs"
DATA = Path(os.environ.get("CITIVERSE_DATA", HERE.parents[1] / "shared" / "data"))
DELFT = DATA / "cityjson/cjio/delft.json"
DELFSHAVEN = DATA / "cityjson/bertt/tools/cj2glb/samples/delfshaven/3-20-DELFSHAVEN.city.json"
LINZ = DATA / "stress/linz/linz_lod2_57k.city.jsonl.xz"
READERS = (
    "pysimdjson",
    "pysimdjson, by line",
    "orjson, gc off",
    "ours, 1 process",
    "ours, 2 processes",
    "ours, cached",
)


def repeat(source: Path, times: int, target: Path) -> None:
    """Copies of a city side by side, ten in a row; ids get a number in front, vertices are shifted."""
    root = json.loads(source.read_bytes())
    vertices = root["vertices"]
    width, depth = (max(v[axis] for v in vertices) - min(v[axis] for v in vertices) for axis in (0, 1))

    def shift(value: Any, by: int) -> Any:
        return value + by if isinstance(value, int) else [shift(item, by) for item in value]

    objects: dict[str, Any] = {}
    more: list[Any] = []
    for copy in range(times):
        for name, item in root["CityObjects"].items():
            item = dict(item)
            if "geometry" in item:
                by = copy * len(vertices)
                item["geometry"] = [dict(g, boundaries=shift(g["boundaries"], by)) for g in item["geometry"]]
            for key in {"parents", "children"} & item.keys():
                item[key] = [f"{copy}-{other}" for other in item[key]]
            objects[f"{copy}-{name}"] = item
        dx, dy = copy % 10 * width, copy // 10 * depth
        more += [[x + dx, y + dy, z] for x, y, z in vertices]
    root["CityObjects"], root["vertices"] = objects, more
    target.write_text(json.dumps(root, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")


def inputs() -> dict[str, Path]:
    """The three cities, made on first use; those whose source is missing are left out."""
    INPUTS.mkdir(exist_ok=True)
    makers = {
        "delft": (DELFT, "delft100.city.json", lambda path: repeat(DELFT, 100, path)),
        "linz": (LINZ, "linz.city.jsonl", lambda path: path.write_bytes(lzma.decompress(LINZ.read_bytes()))),
        "delfshaven": (DELFSHAVEN, "delfshaven65.city.json", lambda path: repeat(DELFSHAVEN, 65, path)),
    }
    found = {}
    for name, (source, file, make) in makers.items():
        target = INPUTS / file
        if not target.exists():
            if not source.exists():
                print(f"{name}: skipped, {source} is not there")
                continue
            print(f"{name}: making {target}", flush=True)
            part = target.with_suffix(".part")
            make(part)
            part.rename(target)
        found[name] = target
    return found


def measure(reader: str, path: Path, store: Path) -> tuple[float, float, str]:
    """Wall and processor seconds of one reading in this process, and what came out."""
    if reader.startswith("ours"):
        return measure_ours(reader, path, store)
    import orjson
    import simdjson

    data = path.read_bytes()
    gc.disable()
    lines = data.splitlines() if path.suffix == ".jsonl" else [data]
    whole = data if len(lines) == 1 else b"[" + b",".join(lines) + b"]"
    wall, cpu = time.perf_counter(), cpu_seconds()
    if reader == "pysimdjson":
        simdjson.Parser().parse(whole)
    elif reader == "pysimdjson, by line":
        parser = simdjson.Parser()
        for line in lines:
            parser.parse(line)
    else:
        kept = orjson.loads(whole)
        del kept
    return time.perf_counter() - wall, cpu_seconds() - cpu, ""


def measure_ours(reader: str, path: Path, store: Path) -> tuple[float, float, str]:
    import loaders.cityjson_load  # noqa: F401  (imports are not part of the figure)
    from loaders.api import LoadOptions, NoProgress
    from loaders.cityjson import load

    if reader == "ours, cached":
        from loaders.store import open_stored

        wall, cpu = time.perf_counter(), cpu_seconds()
        city = open_stored(store).value
    else:
        processes = 2 if "2" in reader else 1
        wall, cpu = time.perf_counter(), cpu_seconds()
        city = load(path, LoadOptions(processes=processes), NoProgress()).value
    took, used = time.perf_counter() - wall, cpu_seconds() - cpu
    triangles = sum(mesh.triangle_count for mesh in city.lods.values())
    return took, used, f"{len(city.objects):,} objects, {triangles:,} triangles"


def cpu_seconds() -> float:
    """User and system time of this process and its ended children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def pss(pid: int) -> int:
    """Proportional set size of a process and its children in bytes: shared pages count once in the sum."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += pss(int(child))
    except (OSError, ValueError):
        return total
    return total


def run(reader: str, path: Path, store: Path, watch: bool) -> dict[str, Any]:
    """One reading in a fresh process; ``watch`` its memory instead of trusting its time."""
    command = [sys.executable, __file__, "--measure", reader, str(path), str(store)]
    peak = 0
    done = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent) as process:

        def look() -> None:
            nonlocal peak
            while not done.wait(0.01):
                peak = max(peak, pss(process.pid))

        watcher = threading.Thread(target=look)
        if watch:
            watcher.start()
        out = process.communicate()[0]
        done.set()
        if watch:
            watcher.join()
    return {**json.loads(out), "peak": peak} if process.returncode == 0 and out else {}


def prepare_store(path: Path) -> Path | None:
    """Arrays as the cache keeps them, for the second opening; None where there is no store."""
    try:
        from loaders.api import LoadError
        from loaders.store import open_stored, save
    except ImportError:
        return None
    folder = INPUTS / f"{path.stem}.arrays"
    if folder.exists():
        try:
            open_stored(folder)
        except LoadError:  # written by an earlier version
            shutil.rmtree(folder)
    if not folder.exists():
        from loaders.api import LoadOptions, NoProgress
        from loaders.cityjson import load

        folder.mkdir()
        save(load(path, LoadOptions(), NoProgress()), folder)
    return folder


def city_rows(name: str, path: Path, runs: int) -> list[Row]:
    """One city: every reader, then the whole program from the file to a picture, first and again."""
    size = path.stat().st_size
    store = prepare_store(path)
    readers = [r for r in READERS if (store or r != "ours, cached") and (path.suffix == ".jsonl" or "line" not in r)]
    found: dict[str, list[dict[str, Any]]] = {reader: [] for reader in readers}
    for _ in range(runs):
        for reader in readers:
            found[reader].append(run(reader, path, store or path, watch=False))
    base = {key: min(one[key] for one in found["pysimdjson"]) for key in ("wall", "cpu")}
    what = f"file to arrays, {name} ({size / 1e6:.0f} MB)"
    rows = []
    for reader, results in found.items():
        good = [one for one in results if one]
        if not good:
            rows.append(Row(what, reader, None, "s", "failed"))
            continue
        wall, cpu = (min(one[key] for one in good) for key in ("wall", "cpu"))
        peak = run(reader, path, store or path, watch=True).get("peak", 0)
        note = f"{wall / base['wall']:.2f} x bare parse (processor {cpu / base['cpu']:.2f} x); "
        rows.append(Row(what, reader, wall, "s", f"{note}{peak / 1e6:.0f} MB = {peak / size:.1f} x file"))
    return rows + picture_rows(name, path)


def picture_rows(name: str, path: Path) -> list[Row]:
    """``citiverse render`` as a whole process: with nothing kept from before, then with the arrays in the cache."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="citiverse-bench-") as home:
        command = [sys.executable, "-m", "viewer", "render", str(path), "-o", str(Path(home) / "picture.png")]
        for how in ("first opening", "from the cache"):
            begin = time.perf_counter()
            code = subprocess.run(command, env=os.environ | {"CITIVERSE_HOME": home}, check=False).returncode
            seconds = time.perf_counter() - begin
            rows.append(Row(f"file to picture, {name}", "ours, 2 processes", seconds if code == 0 else None, "s", how))
    return rows


def measure_all(options: argparse.Namespace) -> list[Row]:
    """Rows of all cities asked for; each figure is the best of some runs."""
    chosen = [item for item in inputs().items() if not options.city or item[0] in options.city]
    return [row for name, path in chosen for row in city_rows(name, path, options.runs)]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--city", action="append", help="delft, linz or delfshaven (default: all)")
    arguments.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    chosen, _ = arguments.parse_known_args()
    if chosen.measure:
        reader, path, store = chosen.measure
        wall, cpu, note = measure(reader, Path(path), Path(store))
        print(json.dumps({"wall": wall, "cpu": cpu, "note": note}))
        return 0
    return run_table(measure_all, arguments)


if __name__ == "__main__":
    sys.exit(main())
