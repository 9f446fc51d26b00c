"""Videos and pictures that a session has made in a process of its own."""

import json
import time

import av
import pytest
from PIL import Image

from viewer.document.state import Tour, TourStep, Viewpoint
from viewer.selftest import small_city
from viewer.session.commands import CommandError


@pytest.fixture
def opened(session, tmp_path, clock):
    """A session with the boxes of the self-test and a tour of one view."""
    path = tmp_path / "boxes.city.json"
    path.write_text(json.dumps(small_city()), encoding="utf-8")
    session.run("file.open", paths=[str(path)])
    wait(session)
    session.home()
    with session.document.change("Add") as edit:
        from dataclasses import replace

        view = Viewpoint("V", session.camera)
        edit.state = replace(edit.state, viewpoints=(view,), tours=(Tour("T", (TourStep("V", dwell=1.0),)),))
    return session


def wait(session, seconds=60.0, until=None):
    limit = time.monotonic() + seconds
    while session.jobs.active if until is None else not until():
        session.poll()
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_a_video_is_made_beside_the_session(opened, tmp_path):
    out = tmp_path / "t.mp4"
    before = opened.document.state
    opened.run("video.record", output=out, width=160, height=120, fps=4, quality="draft")
    wait(opened)
    with av.open(str(out)) as file:
        assert sum(1 for _ in file.decode(video=0)) == 4
    assert opened.document.state == before and "t.mp4" in opened.messages[-1].text


def test_a_picture_has_any_size(opened, tmp_path):
    out = tmp_path / "p.png"
    opened.run("picture.render", output=out, width=640, height=90)
    wait(opened)
    with Image.open(out) as picture:
        assert picture.size == (640, 90)
    with pytest.raises(CommandError, match="largest"):
        opened.run("picture.render", output=out, width=99999, height=9)


def test_a_picture_drawn_during_flicker_has_the_side_that_is_seen(opened, tmp_path, monkeypatch):
    from dataclasses import replace

    view = replace(opened.document.state.scenario_view, position=0.5)
    opened.interlude.side = 1
    kept = []
    monkeypatch.setattr("viewer.session.record_commands.save_project", lambda state, *_, **__: kept.append(state))
    monkeypatch.setattr(type(opened), "submit", lambda _self, _job: 1)
    with opened.document.change("Blend") as edit:
        edit.state = replace(edit.state, scenario_view=view)
    opened.interlude.side = 1
    opened.run("picture.render", output=tmp_path / "p.png", width=64, height=48)
    assert kept[0].scenario_view.position == 1.0 and opened.document.state.scenario_view.position == 0.5


def test_what_goes_wrong_is_told(opened, tmp_path):
    opened.run("video.record", output=tmp_path / "t.avi", width=160, height=120)
    wait(opened)
    assert "change its ending" in opened.messages[-1].text
    with pytest.raises(CommandError, match="no tour"):
        opened.run("video.record", output=tmp_path / "t.mp4", tour="Nowhere")


def test_a_cancelled_video_leaves_nothing(opened, tmp_path):
    out = tmp_path / "t.mp4"
    number = opened.run("video.record", output=out, width=640, height=480, fps=120)
    wait(opened, until=lambda: any(job.fraction > 0 for job in opened.jobs.active))
    opened.jobs.cancel(number)
    wait(opened, until=lambda: opened.jobs.idle)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["boxes.city.json"]


def test_viewpoints_are_drawn_small(opened, tmp_path):
    folder = tmp_path / "views"
    folder.mkdir()
    told = []
    opened.ui_requested.connect(lambda name, arguments: told.append((name, arguments)))
    opened.run("viewpoint.draw_pictures", folder=folder)
    wait(opened)
    assert told == [("viewpoint.pictures_drawn", {"folder": folder, "viewpoints": opened.document.state.viewpoints})]
    with Image.open(folder / "0.png") as picture:
        assert picture.size == (192, 108) and len(picture.getcolors(1 << 20)) > 20
