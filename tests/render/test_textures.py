"""Appearance themes: images are read safely, packed, and seen where the file says."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from loaders.city import Appearance, Material, Texture
from viewer.render import textures as textures_module
from viewer.render.state import RenderState
from viewer.render.textures import MARGIN, prepare_textures

CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
QUARTERS = {
    "bottom left": (220, 30, 30),
    "bottom right": (30, 200, 30),
    "top left": (40, 60, 220),
    "top right": (230, 220, 40),
}


FLAT_ROOF = (182, 164, 150)


def save_quarters(path, size=64):
    half = size // 2
    pixels = np.zeros((size, size, 3), np.uint8)
    pixels[half:, :half] = QUARTERS["bottom left"]
    pixels[half:, half:] = QUARTERS["bottom right"]
    pixels[:half, :half] = QUARTERS["top left"]
    pixels[:half, half:] = QUARTERS["top right"]
    Image.fromarray(pixels).save(path)
    return str(path)


def textured(city, textures, uv=CORNERS, materials=(), material=-1.0, number=0):
    """The city's boxes with ``uv`` on the roof, seen from above with u to the east and v to the north."""
    tiles = city.lods["1"].tiles
    uvt = np.full((len(tiles.positions), 3), -1, np.float32)
    roof = tiles.tags[:, 1] == 1
    uvt[roof, :2] = np.tile(uv, (int(roof.sum()) // 4, 1))
    uvt[roof, 2] = number
    look = Appearance(np.full(len(uvt), material, np.float32), uvt)
    mesh = replace(city.lods["1"], tiles=replace(tiles, appearances={"photo": look}))
    return replace(city, lods={"1": mesh}, textures=textures, materials=materials, default_theme="photo")


def roof_colours(view, city, look, cameras, spots):
    view.scene.attach("boxes", city)
    camera = cameras[1](city, 60.0)
    view.scene.apply(RenderState(camera, (look(city, mode="theme", theme="photo", rgb=(128, 128, 128)),)))
    picture = view.image()
    points = np.array([[12 * u, 12 * v, 10.0] for u, v in spots]) - view.scene.origin
    pixels, _ = view.scene.view().project(points)
    view.scene.detach("boxes")
    return [picture[round(y), round(x)].astype(int) for x, y in pixels.tolist()]


def is_like(rgb, wanted):
    a, b = np.asarray(rgb, float), np.asarray(wanted, float)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) > 0.985


SPOTS = {"bottom left": (0.25, 0.25), "bottom right": (0.75, 0.25), "top left": (0.25, 0.75), "top right": (0.75, 0.75)}


def test_a_texture_is_seen_the_right_way_round(view, box_city, look, cameras, tmp_path):
    city = textured(box_city(1), (Texture("a.png", save_quarters(tmp_path / "a.png")),))
    seen = roof_colours(view, city, look, cameras, SPOTS.values())
    for name, rgb in zip(SPOTS, seen, strict=True):
        assert is_like(rgb, QUARTERS[name]), name


@pytest.mark.parametrize(
    ("wrap", "expected"),
    [
        ("wrap", "bottom left"),
        ("mirror", "bottom right"),
        ("clamp", "bottom right"),
        ("border", None),
        ("none", "plain"),
    ],
)
def test_wrap_modes(view, box_city, look, cameras, tmp_path, wrap, expected):
    texture = Texture("a.png", save_quarters(tmp_path / "a.png"), wrap, (0.9, 0.1, 0.9, 1.0))
    city = textured(box_city(1), (texture,), uv=CORNERS * 2)
    # at u = 1.25, v = 0.25: the second copy in u
    (rgb,) = roof_colours(view, city, look, cameras, [(0.625, 0.125)])
    wanted = {None: (230, 25, 230), "plain": FLAT_ROOF}.get(expected) or QUARTERS[expected]
    assert is_like(rgb, wanted)


def test_a_missing_image_leaves_the_material(view, box_city, look, cameras):
    material = Material("red", (0.8, 0.1, 0.1))
    city = textured(box_city(1), (Texture("gone.png", None),), materials=(material,), material=0.0)
    (rgb,) = roof_colours(view, city, look, cameras, [(0.5, 0.5)])
    assert is_like(rgb, (204, 25, 25))


def test_without_theme_data_the_default_look_is_used(view, box_city, look, cameras):
    (rgb,) = roof_colours(view, box_city(1), look, cameras, [(0.5, 0.5)])
    assert is_like(rgb, FLAT_ROOF)


def test_theme_arrays_can_be_put_on_and_taken_off(view, box_city, look, cameras, tmp_path):
    city = textured(box_city(1), (Texture("a.png", save_quarters(tmp_path / "a.png")),))
    view.scene.attach("boxes", city)
    camera = cameras[0](city)
    pictures = {}
    for mode in ("surface", "theme", "surface", "theme"):
        view.scene.apply(RenderState(camera, (look(city, mode=mode, theme="photo"),)))
        picture = view.image()
        assert np.array_equal(pictures.setdefault(mode, picture), picture)
    assert not np.array_equal(pictures["surface"], pictures["theme"])


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_broken_images_are_reported_and_not_drawn(box_city, tmp_path, content):
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    made = prepare_textures(textured(box_city(1), (Texture("broken.png", str(path)),)), "photo")
    assert made.failed == ("broken.png",) and made.pages == ()


def test_an_image_beyond_the_pixel_cap_is_not_decoded(box_city, tmp_path):
    path = tmp_path / "huge.png"
    Image.new("1", (9000, 9000)).save(path)
    made = prepare_textures(textured(box_city(1), (Texture("huge.png", str(path)),)), "photo")
    assert made.failed == ("huge.png",)


def test_formats_that_are_not_on_the_list_are_not_read(box_city, tmp_path):
    path = tmp_path / "picture.png"
    Image.new("RGB", (8, 8)).save(path, format="PPM")
    assert prepare_textures(textured(box_city(1), (Texture("p", str(path)),)), "photo").failed == ("p",)


def test_too_many_pixels_shrink_until_they_fit(box_city, tmp_path):
    textures = []
    for k in range(6):
        path = tmp_path / f"{k}.png"
        Image.new("RGB", (200, 100), (40 * k, 0, 0)).save(path)
        textures.append(Texture(path.name, str(path)))
    city = textured(box_city(6, per_tile=6), tuple(textures))
    tiles = city.lods["1"].tiles
    tiles.appearances["photo"].uvt[:, 2] = tiles.tags[:, 0]
    made = prepare_textures(city, "photo", max_pages=1, page_size=256)
    assert len(made.pages) == 1 and made.pages[0].shape[0] <= 256 and made.failed == ()
    for k in range(6):
        x, y, w, h = made.table[made.first_texture + 2 * k] * made.pages[0].shape[0]
        assert min(x, y) >= MARGIN - 1e-3 and 0 < w < 200 and h > 0
        middle = made.pages[0][int(y + h / 2), int(x + w / 2)]
        assert abs(int(middle[0]) - 40 * k) <= 2


def test_until_the_images_are_read_materials_are_drawn(view, box_city, look, cameras, tmp_path, monkeypatch):
    gate = threading.Event()
    read = textures_module._read
    monkeypatch.setattr(textures_module, "_read", lambda *a: gate.wait(60) and read(*a))
    city = textured(box_city(1), (Texture("a.png", save_quarters(tmp_path / "a.png")),))
    view.scene.attach("boxes", city)
    camera = cameras[1](city, 60.0)
    view.scene.apply(RenderState(camera, (look(city),)))
    plain = view.image()
    view.scene.apply(RenderState(camera, (look(city, mode="theme", theme="photo"),)))
    view.scene.render()
    assert view.scene.waiting and not view.scene.pending
    assert np.array_equal(view.scene.pixels(), plain)
    gate.set()
    picture = view.image()
    assert not view.scene.waiting and not np.array_equal(picture, plain)


def test_themes_that_nobody_wants_any_more_stop_being_read(view, box_city, look, cameras, tmp_path, monkeypatch):
    started, gate, reads = threading.Event(), threading.Event(), []

    def slow(path, size):
        reads.append(path)
        started.set()
        gate.wait(60)

    monkeypatch.setattr(textures_module, "_read", slow)
    images = tuple(Texture(f"{k}.png", save_quarters(tmp_path / f"{k}.png")) for k in range(3))
    city = textured(box_city(3, per_tile=3), images)
    tiles = city.lods["1"].tiles
    tiles.appearances["photo"].uvt[:, 2] = tiles.tags[:, 0]
    view.scene.attach("boxes", city)
    camera = cameras[0](city)
    view.scene.apply(RenderState(camera, (look(city, mode="theme", theme="photo"),)))
    assert started.wait(60)
    view.scene.apply(RenderState(camera, (look(city),)))
    assert not view.scene.waiting
    view.scene.apply(RenderState(camera, (look(city, mode="theme", theme="photo"),)))
    view.scene.detach("boxes")
    assert not view.scene.waiting
    gate.set()
    view.close()
    assert len(reads) == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("theme ")]


def test_images_that_cannot_be_read_are_told(view, box_city, look, cameras, tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"not an image")
    city = textured(box_city(1), (Texture("broken.png", str(path)),))
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[0](city), (look(city, mode="theme", theme="photo"),)))
    view.image()
    (notice,) = view.scene.take_notices()
    assert notice.layer_id == "boxes" and "1 texture image cannot be read (broken.png)" in notice.text
    assert view.scene.take_notices() == ()


@pytest.mark.parametrize("pages", [1, 2, 3, 4])
def test_every_page_of_an_atlas_is_drawn(view, box_city, look, cameras, tmp_path, monkeypatch, pages):
    monkeypatch.setattr("viewer.render.theme.PAGES", (pages, 64))
    names = list(QUARTERS)[:pages]
    textures = []
    for name in names:
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (48, 48), QUARTERS[name]).save(path)
        textures.append(Texture(path.name, str(path)))
    city = textured(box_city(pages), tuple(textures))
    tiles = city.lods["1"].tiles
    roof = tiles.tags[:, 1] == 1
    tiles.appearances["photo"].uvt[roof, 2] = tiles.tags[roof, 0]
    view.scene.attach("boxes", city)
    camera = cameras[1](city, 120.0)
    view.scene.apply(RenderState(camera, (look(city, mode="theme", theme="photo"),)))
    picture = view.image()
    assert len(view.scene.layers["boxes"]._themes["photo"].pages) == pages
    middles = tiles.positions[roof].reshape(-1, 4, 3).mean(axis=1)
    firsts = tiles.origins[np.searchsorted(tiles.vertex_start, np.flatnonzero(roof)[::4], side="right") - 1]
    points, _ = view.scene.view().project(middles + firsts - view.scene.origin)
    for name, (x, y) in zip(names, points.tolist(), strict=True):
        assert is_like(picture[round(y), round(x)], QUARTERS[name]), name
