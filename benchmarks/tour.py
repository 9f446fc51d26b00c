"""Tours: from "play" to the first camera, a moment of the timeline, and pictures of a video per second, on the demo.

Pictures are those of ``citiverse record``, with labels, words and new shadows, and coded as H.264; wall-clock time.

python -m benchmarks.tour [--size WxH] [--frames N] [--json FILE]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.rows import Row, run
from loaders.worker import load_in_process
from viewer.cli_film import Film, Words
from viewer.cli_picture import showing
from viewer.cli_scene import make_session
from viewer.demo.tour import demo_state, walk
from viewer.render.video import VideoWriter
from viewer.session.session import Session
from viewer.session.timeline import path_timeline


def demo_session() -> Session:
    """The demo, loaded."""
    session, state = make_session(), demo_state()
    with session.document.change("Open") as edit:
        edit.state = replace(state, layers=())
        for layer in state.layers:
            edit.add_city(layer, load_in_process(Path(layer.path)).result)
    return session


def measure(options: argparse.Namespace) -> list[Row]:
    """All rows."""
    session = demo_session()
    width, height = (int(v) for v in options.size.split("x"))
    starts = []
    for tour in session.document.state.tours:
        for _ in range(3):
            begun = time.perf_counter()
            session.player.play_tour(tour)
            starts.append(1000 * (time.perf_counter() - begun))
            session.player.stop()
    line = path_timeline(walk())
    begun = time.perf_counter()
    for seconds in np.linspace(0.0, line.seconds, 1000):
        line.at(float(seconds))
    moment = time.perf_counter() - begun
    per_picture = film(session, line, (width, height), options.frames)
    told = f"first {starts[0]:.1f}, longest {max(starts):.1f}"
    return [
        Row(
            "start of a tour",
            "Citiverse",
            float(np.median(starts)),
            "ms",
            told,
        ),
        Row("a moment of a walk of two minutes", "Citiverse", moment, "ms", "mean of 1,000"),
        Row(
            f"video of a walk, {width} x {height}",
            "Citiverse",
            1.0 / float(np.mean(per_picture)),
            "pictures/s",
            f"slowest {max(per_picture):.2f} s, without the first",
        ),
    ]


def film(session: Session, line: object, size: tuple[int, int], count: int) -> list[float]:
    """Seconds of each picture, drawn and coded; the first, which compiles shaders, is left out."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder, showing(session, size) as view:
        made = Film(session, view, line, size, 30, Words(True, "A walk"))  # type: ignore[arg-type]
        writer = VideoWriter(Path(folder) / "walk.mp4", size, 30)
        for number in range(count + 1):
            begun = time.perf_counter()
            writer.write(made.frame(900 + number))
            seconds.append(time.perf_counter() - begun)
        writer.close()
    return seconds[1:]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tour", description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--frames", type=int, default=20)
    sys.exit(run(measure, parser))
