"""A driver that rejects a shader: told once, in one sentence, and something is drawn all the same."""

import numpy as np
import pytest

from loaders.city import Appearance
from viewer.render import materials
from viewer.render.guard import RenderGuard
from viewer.render.state import RenderState


@pytest.fixture
def break_shader(monkeypatch):
    """Spoil the shaders that contain a text."""
    whole = materials.shader

    def spoil(mode):
        def broken(name):
            code = whole(name)
            if name != "city.frag.glsl":
                return code
            return code.replace("void main()", f"#if COLOUR_MODE >= {mode}\nno_such_type x;\n#endif\nvoid main()")

        monkeypatch.setattr(materials, "shader", broken)

    return spoil


def test_without_shaders_the_city_is_drawn_plain(view, box_city, look, cameras, break_shader, capfd):
    break_shader(0)
    city = box_city(9, lods=("1", "2"))
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[0](city), (look(city),)))
    picture = view.image()
    (notice,) = view.scene.take_notices()
    assert notice.layer_id is None
    assert notice.text.startswith("The graphics driver rejects a shader of this program (")
    assert "no reason given" not in notice.text and "Update the graphics driver" in notice.text
    assert "\n" not in notice.text and len(notice.text) < 400
    assert capfd.readouterr().err == ""
    middle = picture[100:140, 130:190].reshape(-1, 3)
    assert len(np.unique(middle, axis=0)) > 2 and middle.mean() > 60
    assert np.abs(middle.mean(axis=0) - picture[2, 2]).max() > 15
    # later pictures, layers and colours work and say nothing
    view.scene.apply(RenderState(cameras[0](city), (look(city, mode="object", rgb=(200, 0, 0)),)))
    view.scene.attach("more", box_city(4, origin=(100.0, 0.0, 0.0)))
    view.image()
    assert view.scene.take_notices() == () and capfd.readouterr().err == ""


def test_a_rejected_theme_shader_leaves_the_default_look(view, box_city, look, cameras, break_shader):
    from dataclasses import replace

    break_shader(2)
    city = box_city(9)
    tiles = city.lods["1"].tiles
    tiles = replace(tiles, appearances={"photo": Appearance(np.zeros(len(tiles.positions), np.float32), None)})
    city = replace(city, lods={"1": replace(city.lods["1"], tiles=tiles)}, default_theme="photo")
    view.scene.attach("boxes", city)
    camera = cameras[0](city)
    view.scene.apply(RenderState(camera, (look(city),)))
    default = view.image()
    view.scene.apply(RenderState(camera, (look(city, mode="theme", theme="photo"),)))
    assert np.array_equal(view.image(), default)
    (notice,) = view.scene.take_notices()
    assert "Textures are not drawn" in notice.text


def test_other_errors_of_vtk_are_still_printed(capfd):
    from vtkmodules.vtkCommonCore import vtkOutputWindow

    guard = RenderGuard()
    with guard:
        vtkOutputWindow.GetInstance().DisplayErrorText("ERROR: something else")
    assert guard.take() == "" and "something else" in capfd.readouterr().err
