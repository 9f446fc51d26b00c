"""Waves move while something plays, and lie as in files when nothing does."""

from types import SimpleNamespace

import numpy as np
import pytest
from psygnal import Signal

from viewer.render.waves import has_waves
from viewer.ui.waves import Waves


class Player:
    ticked, changed = Signal(float), Signal()
    active = True


@pytest.fixture
def sea():
    return SimpleNamespace(objects=SimpleNamespace(type_names=("Building", "WaterBody")))


@pytest.fixture
def playing(sea):
    """Player, scene, pictures asked for, and the document's state."""
    state, drawn = SimpleNamespace(realism="textured"), []
    scene = SimpleNamespace(water_time=0.0, software=False)
    player = Player()
    session = SimpleNamespace(player=player, document=SimpleNamespace(state=state, cities={"a": sea}))
    waves = Waves(session, lambda: scene, lambda: drawn.append(scene.water_time))
    return SimpleNamespace(player=player, scene=scene, drawn=drawn, state=state, waves=waves)


def test_where_there_are_waves(sea):
    dry = SimpleNamespace(objects=SimpleNamespace(type_names=("Building", "Road")))
    assert has_waves("textured", [dry, sea]) and not has_waves("textured", [dry]) and not has_waves("shaded", [sea])


def test_time_goes_on_while_something_plays_and_is_gone_afterwards(playing):
    for at in np.arange(0.5, 2.0, 0.5).tolist():
        playing.player.ticked.emit(at)
    assert playing.drawn == [0.5, 1.0, 1.5]
    playing.player.changed.emit()
    assert playing.scene.water_time == 1.5
    playing.player.active = False
    playing.player.changed.emit()
    assert playing.drawn[-1] == playing.scene.water_time == 0.0
    playing.waves.shut_down()
    playing.player.ticked.emit(9.0)
    assert playing.scene.water_time == 0.0


def test_slow_machines_draw_no_picture_for_waves_alone_and_others_none_without_water(playing):
    playing.scene.software = True
    playing.player.ticked.emit(1.0)
    assert playing.scene.water_time == 1.0 and not playing.drawn
    playing.state.realism = "shaded"
    playing.player.ticked.emit(2.0)
    assert playing.scene.water_time == 1.0
