import numpy as np
import pytest

from viewer.analysis import palettes
from viewer.analysis.palettes import MAX_CLASSES, NO_DATA, OTHER, class_colors, is_palette, names, palette

# Machado, Oliveira & Fernandes (2009), severity 1.0: colour-blind vision on linear RGB.
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


def linear(rgb):
    values = np.asarray(rgb, np.float64) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(light):
    """Ottosson (2020), from linear sRGB."""
    first = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    second = np.array(
        [
            [0.2104542553, 0.793617785, -0.0040720468],
            [1.9779984951, -2.428592205, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.808675766],
        ]
    )
    return np.cbrt(np.clip(light, 0, None) @ first.T) @ second.T


@pytest.mark.parametrize("name", names("sequential"))
def test_lightness_of_a_ramp_goes_one_way_also_for_the_colour_blind(name):
    colors = linear(palette(name).colors)
    for seen in (colors, *(np.clip(colors @ np.array(m).T, 0, 1) for m in BLIND.values())):
        steps = np.diff(oklab(seen)[::8, 0])
        assert (steps > 0).all() or (steps < 0).all()


def test_a_diverging_ramp_is_lightest_in_the_middle():
    for name in names("diverging"):
        lightness = oklab(linear(palette(name).colors))[:, 0]
        assert 118 <= int(lightness.argmax()) <= 138
        assert abs(lightness[0] - lightness[-1]) < 0.05


@pytest.mark.parametrize("name", names("categorical"))
def test_class_colours_differ(name):
    colors = [*palette(name).colors.tolist(), OTHER, NO_DATA]
    assert len(palette(name).colors) == MAX_CLASSES
    places = oklab(linear(colors))
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(len(colors))
    assert gaps.min() > 0.06
    # The first six, which most legends use, also for the colour-blind.
    for matrix in BLIND.values():
        places = oklab(np.clip(linear(colors[:6]) @ np.array(matrix).T, 0, 1))
        gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(6)
        assert gaps.min() > 0.05


@pytest.mark.parametrize("name", names("categorical"))
def test_class_colours_stay_apart_under_light_and_shade(name):
    """A face in the sun shows the colour, one in the shade 0.85 of it; no two classes may look alike then."""
    colors = np.array([*palette(name).colors, OTHER, NO_DATA], np.float64)
    for count, matrix in ((len(colors), np.eye(3)), (6, BLIND["protan"]), (6, BLIND["deutan"])):
        seen = [oklab(np.clip(linear(colors[:count] * s) @ np.array(matrix).T, 0, 1)) for s in (0.85, 0.92, 1.0)]
        for one in seen:
            for other in seen:
                gaps = np.linalg.norm(one[:, None] - other[None], axis=2) + 9 * np.eye(count)
                assert gaps.min() > 0.03  # (0.02 is about what eyes just tell apart)


def test_names_and_reversal():
    assert is_palette("viridis") and is_palette("viridis-reversed") and not is_palette("nope")
    assert (palette("cividis-reversed").colors == palette("cividis").colors[::-1]).all()
    with pytest.raises(KeyError):
        palette("nope")
    for name in names():
        assert palette(name).colors.dtype == np.uint8 and palette(name).title
        assert not palette(name).colors.flags.writeable


def test_samples_of_a_ramp_as_classes():
    colors = class_colors("viridis", 3)
    table = palette("viridis").colors
    assert (colors[0] == table[0]).all() and (colors[2] == table[255]).all()
    assert class_colors("okabe-ito", 20).shape == (20, 3)


def test_every_city_object_type_has_colours():
    assert palettes.TYPE_COLORS.keys() == palettes.BASE_COLORS.keys()
    assert len(set(palettes.TYPE_COLORS.values())) == len(palettes.TYPE_COLORS)
    assert palettes.type_color("+X") == palettes.TYPE_COLOR_EXTENSION
