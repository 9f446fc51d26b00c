"""The light of a picture: its numbers through the day, and what it does to colours that mean something."""

from dataclasses import replace
from math import cos, radians, sin

import numpy as np
import pytest

from loaders.city import CrsInfo
from viewer.analysis.palettes import names, palette
from viewer.document.document import Document
from viewer.document.state import DocumentState, LayerState, Light
from viewer.render import skyview
from viewer.render.resolve import light_of
from viewer.render.skyview import RADII, smooth_steps
from viewer.render.state import MODEL_LIGHT, LightState, RenderState
from viewer.render.sunlight import MODEL_RIG, rig_of, sun_light

TOP, BOTTOM = (0.62, 0.74, 0.88), (0.93, 0.95, 0.97)
LUMA = np.array([0.2126, 0.7152, 0.0722])


def dated(elevation, azimuth=200.0, **how):
    a, e = radians(azimuth), radians(elevation)
    return LightState((sin(a) * cos(e), cos(a) * cos(e), sin(e)), dated=True, **how)


def on_floor(rig):
    return rig.exposure * float((np.array(rig.key_light) * max(rig.key[2], 0.0) + np.array(rig.sky_light)) @ LUMA)


def test_the_model_s_light_is_constant():
    assert rig_of(MODEL_LIGHT, TOP, BOTTOM) == MODEL_RIG
    assert MODEL_RIG.night == 0.0 and np.linalg.norm(MODEL_RIG.key) == pytest.approx(1.0)
    assert (MODEL_RIG.top, MODEL_RIG.bottom) == (TOP, BOTTOM)


def test_it_gets_darker_and_warmer_towards_evening_and_never_black():
    shown = [on_floor(rig_of(dated(e), TOP, BOTTOM)) for e in (60.0, 25.0, 10.0, 3.0, -1.0, -5.0, -12.0, -40.0)]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] < 1.2 and shown[-1] > 0.08
    red = [sun_light(e)[0] / sun_light(e)[2] for e in (60.0, 25.0, 10.0, 3.0, 1.0)]
    assert red == sorted(red) and red[0] > 1.0


def test_nothing_jumps_from_minute_to_minute():
    rigs = [rig_of(dated(e), TOP, BOTTOM) for e in np.arange(-20.0, 60.0, 0.1)]
    floors = np.array([on_floor(rig) for rig in rigs])
    skies = np.array([(*rig.top, *rig.bottom, *rig.glow, rig.night) for rig in rigs])
    assert np.abs(np.diff(floors)).max() < 0.02 and np.abs(np.diff(skies, axis=0)).max() < 0.03


def test_the_moon_lights_at_night_only():
    moon = {"moon": (0.6, 0.0, 0.8), "moon_phase": 1.0}
    assert rig_of(dated(30.0, **moon), TOP, BOTTOM).key == dated(30.0).sun
    night = rig_of(dated(-20.0, **moon), TOP, BOTTOM)
    assert night.key == moon["moon"] and night.night == 1.0
    new = rig_of(dated(-20.0, moon=moon["moon"], moon_phase=0.0), TOP, BOTTOM)
    assert sum(new.key_light) < 0.3 * sum(night.key_light)
    assert rig_of(dated(-20.0), TOP, BOTTOM).key[2] <= 0.0


@pytest.fixture
def document(box_city):
    made = Document(DocumentState(layers=(LayerState("boxes", "boxes", "boxes.json"),)))
    made.cities["boxes"] = replace(box_city(4, origin=(84_500.0, 446_300.0, 0.0)), crs=CrsInfo("EPSG:7415"))
    return made


def set_light(document, light):
    with document.change("Light") as edit:
        edit.state = replace(edit.state, light=light)


def test_time_and_place_become_directions(document):
    set_light(document, Light("2026-06-21T13:40:00+02:00"))
    light = light_of(document)
    assert light.dated and light.shadows
    # solar noon in Delft: in the south, 90 - 52 + 23.4 degrees high
    assert np.degrees(np.arcsin(light.sun[2])) == pytest.approx(61.4, abs=0.2)
    assert light.sun[1] < 0.0 and abs(light.sun[0]) < 0.03
    assert light_of(document) is light
    set_light(document, Light("2026-06-21T13:40:00+02:00", shadows=False))
    assert not light_of(document).shadows


@pytest.mark.parametrize("time", [None, "nonsense", "0001-01-01T00:00:00"])
def test_without_a_time_that_can_be_read_the_model_s_light_stays(document, time):
    set_light(document, Light(time))
    assert light_of(document) == MODEL_LIGHT


def test_without_a_place_the_model_s_light_stays(document):
    document.cities["boxes"] = replace(document.cities["boxes"], crs=CrsInfo(None))
    set_light(document, Light("2026-06-21T13:40:00+02:00"))
    assert light_of(document) == MODEL_LIGHT


def lab(rgb):
    """CIE L*a*b* (D65) of sRGB 0..255."""
    c = np.asarray(rgb, float) / 255.0
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    xyz = c @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
    t = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16.0 / 116.0)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


LIGHTS = {
    "sun": dated(35.0, 215.0),
    "low sun": dated(7.0, 250.0),
    "dusk": dated(-4.0),
    "moon": dated(-30.0, moon=(0.5, -0.5, 0.707), moon_phase=1.0),
    "model": MODEL_LIGHT,
}


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("name", names("categorical"))
def test_colours_of_classes_map_back_to_their_class(view, box_city, look, cameras, name, light):
    """Every pixel's nearest colour of the legend (CIE L*a*b*) is that of its class, lit or in the shade."""
    classes = palette(name).colors.astype(int)
    count = 3 * len(classes)
    city = box_city(count, height=14.0)
    rgb = classes[np.arange(count) % len(classes)]
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[0](city), (look(city, mode="object", rgb=rgb),), light=LIGHTS[light]))
    picture = view.image().astype(int)
    ids = view.scene.pick_ids()[:, :, 1]
    inner = ids >= 0
    for dy in (-2, -1, 0, 1, 2):
        for dx in (-2, -1, 0, 1, 2):
            inner &= np.roll(ids, (dy, dx), (0, 1)) == ids
    # away from edges of its own, where faces of different brightness are smoothed into each other
    seen, wanted = picture[inner], ids[inner] % len(classes)
    apart = np.linalg.norm(lab(seen)[:, None] - lab(classes)[None], axis=2)
    assert len(seen) > 1000 and len(np.unique(wanted)) == len(classes)
    assert (apart.argmin(axis=1) == wanted).all()


def test_shadows_show_in_colours_of_classes_too(view, box_city, look, cameras):
    city = box_city(9)
    view.scene.attach("boxes", city)
    looks = (look(city, mode="object", rgb=(86, 180, 233)),)
    view.scene.apply(RenderState(cameras[0](city), looks, light=dated(20.0, 120.0)))
    picture = view.image().astype(float)
    seen = picture[view.scene.pick_ids()[:, :, 0] >= 0].max(axis=1)
    assert np.ptp(np.percentile(seen, (5, 95))) > 0.08 * 233


@pytest.mark.parametrize("realism", ["plain", "shaded", "textured"])
@pytest.mark.parametrize("quality", ["draft", "normal", "high"])
def test_all_levels_draw_without_a_word_from_the_driver(view, box_city, look, cameras, realism, quality):
    city = box_city(4)
    view.scene.attach("boxes", city)
    light = dated(-3.0, moon=(0.0, 0.6, 0.8), moon_phase=0.5)
    view.scene.apply(RenderState(cameras[0](city), (look(city),), quality, realism, light))
    picture = view.image()
    assert view.scene.take_notices() == () and np.ptp(picture) > 40


def test_plain_is_white(view, box_city, look, cameras):
    city = box_city(9)
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[0](city), (look(city),), realism="plain"))
    seen = view.image()[view.scene.pick_ids()[:, :, 0] >= 0].astype(int)
    assert np.ptp(seen, axis=1).max() < 40 and seen.max() > 215


def test_the_ground_sees_less_sky_in_a_yard(view, box_city, look):
    """Between the boxes it is darker than beside them, without any sun."""
    from viewer.document.state import Camera

    city = box_city(25, spacing=16.0, side=12.0, height=14.0)
    view.scene.attach("boxes", city)
    camera = Camera((38.0, 38.0, 260.0), (38.0, 38.0, 0.0), (0.0, 1.0, 0.0))
    view.scene.apply(RenderState(camera, (look(city),), light=replace(MODEL_LIGHT, shadows=False)))
    picture = view.image().astype(float).mean(axis=2)
    places = np.array([[30.0, 30.0, 0.0], [-28.0, 30.0, 0.0]]) - view.scene.origin
    (x0, y0), (x1, y1) = np.round(view.scene.view().project(places)[0]).astype(int)
    assert picture[y0, x0] < 0.95 * picture[y1, x1]


def test_means_of_heights():
    heights = np.zeros((64, 64), np.float32)
    heights[:, 32:] = 10.0
    out = np.empty((64, 64, 4), np.float32)
    assert sum(1 for _ in smooth_steps(heights, 1.0, out)) == 1 + 5 * len(RADII)
    assert np.array_equal(out[..., 0], heights)
    assert np.allclose(out[:, 31:33, 1:].mean(axis=(0, 1)), 5.0, atol=0.2)
    assert out[:, 31, 1].max() < 5.0 < out[:, 32, 1].min() and out[0, 0, 1] == 0.0


def test_means_of_heights_are_the_same_in_bands(monkeypatch):
    heights = np.random.default_rng(3).uniform(0.0, 50.0, (96, 96)).astype(np.float32)
    whole, banded = np.empty((96, 96, 4), np.float32), np.empty((96, 96, 4), np.float32)
    few = sum(1 for _ in smooth_steps(heights, 2.0, whole))
    sizes: list[int] = []
    means = skyview._moving_mean
    monkeypatch.setattr(
        skyview, "_moving_mean", lambda values, *args: sizes.append(values.size) or means(values, *args)
    )
    monkeypatch.setattr(skyview, "BAND", 10)
    assert sum(1 for _ in smooth_steps(heights, 2.0, banded)) > 5 * few
    assert max(sizes) <= 10 * 96
    assert np.array_equal(whole, banded)
