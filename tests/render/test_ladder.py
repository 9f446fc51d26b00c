"""The machine's own level of quality, and that a picture follows it when nobody chose."""

import numpy as np
import pytest

from viewer.render.ladder import LEVELS, choose


@pytest.mark.parametrize(
    ("renderer", "software", "cores", "level"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True, 2, "normal"),
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True, 1, "draft"),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", False, 8, "normal"),
        ("AMD Radeon Graphics (radeonsi, renoir)", False, 8, "normal"),
        ("SVGA3D; build: RELEASE", False, 4, "normal"),
        ("NVIDIA GeForce RTX 3060/PCIe/SSE2", False, 8, "high"),
        ("AMD Radeon RX 6700 XT", False, 8, "high"),
        ("Apple M2", False, 8, "high"),
    ],
)
def test_level_of_a_machine(renderer, software, cores, level):
    chosen, why = choose(renderer, software, cores)
    assert chosen == level and chosen in LEVELS and why


def test_auto_draws_what_the_machine_can(view, box_city, look, state):
    from dataclasses import replace

    city = box_city(9)
    view.scene.attach("boxes", city)

    def picture(quality, level="normal"):
        view.scene.level = level
        view.scene.apply(replace(state(city, look(city)), quality=quality))
        return view.image()

    assert view.scene.level == choose(view.renderer_name, view.scene.software)[0]
    normal, draft = picture("normal"), picture("draft")
    assert not np.array_equal(normal, draft)
    assert np.array_equal(picture("auto", "draft"), draft)
    assert np.array_equal(picture("auto", "normal"), normal)
