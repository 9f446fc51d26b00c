"""Plain PyVista doing what the scenario benchmarks measure, as its documentation shows it.

Objects: one mesh whose cell scalars are replaced at every step. Raster: a plane whose texture is replaced. Vehicles: a
box per vehicle by ``glyph``, made anew for every picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyvista as pv

from benchmarks import scenario_inputs as made
from benchmarks.frames import SIZE, orbit, peak_mib
from benchmarks.houses import soup
from benchmarks.rows import Row
from benchmarks.scenarios import Clocked, Sizes


class Plotter:
    """A picture of the same size from the same place."""

    def __init__(self, box: np.ndarray):
        pv.global_theme.multi_samples = 1
        self.plotter = pv.Plotter(off_screen=True, window_size=list(SIZE))
        self.box = box

    def draw(self) -> None:
        """One frame."""
        eye, target = orbit(self.box, False, 0)
        self.plotter.camera_position = [tuple(eye), tuple(target), (0, 0, 1)]
        self.plotter.camera.view_angle = 40.0
        self.plotter.renderer.ResetCameraClippingRange()
        self.plotter.render_window.Render()
        self.plotter.render_window.WaitForCompletion()


def objects(sizes: Sizes, count: int = 0, steps: int = 0) -> list[Row]:
    """Cell scalars replaced step by step."""
    count, steps = count or sizes.objects, steps or sizes.steps
    city = made.make_town(count)
    values = made.depths(count, steps, 0, made.names(1)).values
    points, triangles, house = soup(city)
    mesh = pv.PolyData.from_regular_faces(points, triangles)
    mesh.cell_data["depth"] = np.asarray(values[0])[house]
    view, clock = Plotter(city.bbox - np.tile(city.bbox[:3], 2)), Clocked()
    view.plotter.add_mesh(mesh, scalars="depth", clim=(0.0, 3.0), n_colors=5, cmap="Blues")
    view.draw()

    def act(step: int) -> None:
        mesh.cell_data["depth"] = np.asarray(values[step])[house]
        view.draw()

    for step in np.linspace(0, steps - 1, min(steps, 6)).astype(int):
        clock.do("step", lambda step=step: act(step))
        clock.do("frame alone", view.draw)
    return _rows(clock, f"{count:,} objects", "cell scalars replaced")


def growth(sizes: Sizes) -> list[Row]:
    """The same from few to many."""
    return [row for count in sizes.growth[:-1] for row in objects(sizes, count, 20) if row.what.startswith("step")]


def raster(sizes: Sizes) -> list[Row]:
    """A plane's texture replaced step by step; the colours come from a table of 256."""
    reach = made.CELL * sizes.side
    plane = pv.Plane(center=(reach / 2, reach / 2, 0), i_size=reach, j_size=reach, i_resolution=48, j_resolution=48)
    view, clock = Plotter(np.array([0, 0, 0, reach, reach, 0.0])), Clocked()
    table = (pv.LookupTable("inferno", 256).values[:, :3]).astype(np.uint8)
    rasters = [made.one_raster(sizes.side, step) for step in range(4)]

    def picture(values: np.ndarray) -> Any:
        return pv.Texture(table[np.clip((values - 10.0) * (255 / 35.0), 0, 255).astype(np.uint8)])

    actor = view.plotter.add_mesh(plane, texture=picture(rasters[0]))
    view.draw()

    def act(step: int) -> None:
        actor.texture = picture(rasters[step % 4])
        view.draw()

    for step in range(1, 8):
        clock.do("step", lambda step=step: act(step))
        clock.do("frame alone", view.draw)
    what = f"{sizes.side} x {sizes.side} raster, {sizes.rasters} steps"
    return _rows(clock, what, "texture replaced, values in memory (four steps)")


def vehicles(sizes: Sizes) -> list[Row]:
    """Boxes by ``glyph``, made anew."""
    from viewer.analysis.moving import moving_at

    moves = made.traffic(sizes.vehicles).moves
    assert moves is not None
    reach = made.CELL * Sizes(False).side
    view, clock = Plotter(np.array([0, 0, 0, reach, reach, 0.0])), Clocked()
    box = pv.Cube(x_length=4.5, y_length=1.8, z_length=1.5)

    def boxes(moment: float) -> Any:
        found = moving_at(moves, moment)
        cloud = pv.PolyData((found.positions - [*made.CORNER, 0.0]).astype(np.float32))
        zero = np.zeros(len(found.rows))
        cloud["heading"] = np.column_stack([np.cos(found.headings), np.sin(found.headings), zero])
        cloud["speed"] = found.values
        return cloud.glyph(orient="heading", scale=False, geom=box)

    mesh = boxes(made.START)
    view.plotter.add_mesh(mesh, scalars="speed", clim=(0.0, 20.0))
    view.draw()

    def act(moment: float) -> None:
        mesh.copy_from(boxes(moment))
        view.draw()

    for moment in made.START + np.linspace(1.0, 180.0, 8):
        clock.do("step", lambda moment=moment: act(float(moment)))
        clock.do("frame alone", view.draw)
    rows = _rows(clock, f"{sizes.vehicles:,} vehicles", "glyph() anew")
    rows = [row for row in rows if "without" not in row.what]
    return [Row(row.what.replace("step,", "frame,"), *(row.program, row.value, row.unit, row.note)) for row in rows]


def _rows(clock: Clocked, what: str, how: str) -> list[Row]:
    parts = f"{clock.told('step')}; {clock.told('frame alone')}"
    return [
        Row(f"step, {what}", "", clock.ms("step"), "ms", f"{how}: {parts}"),
        Row(f"step without its frame, {what}", "", max(clock.ms("step") - clock.ms("frame alone"), 0.0), "ms", how),
        Row(f"memory, {what}", "", peak_mib(), "MiB", "resident at most"),
    ]
