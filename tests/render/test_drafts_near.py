"""While the camera moves on a software renderer, what is close by is drawn in full and the rest as drafts."""

import numpy as np

from viewer.render import frame, slicing


def test_the_nearest_are_no_drafts(view, box_city, look, state, cameras, monkeypatch):
    monkeypatch.setattr(frame, "NEAR_TRIANGLES", 100)
    monkeypatch.setattr(frame, "NEAR_METRES", 150.0)
    city = box_city(64, spacing=60.0)
    view.scene.attach("boxes", city)
    view.scene.apply(state(city, look(city)))
    draws = list(view.scene.layers["boxes"].all_draws())
    for draw in draws:
        draw.make_draft(0.5)
    bounds = np.stack([draw.mesh.bounds for draw in draws]) - np.tile(view.scene.origin, 2)
    eye = view.scene.view()
    frame.mark_near(eye, draws, bounds)
    assert not any(draw.near for draw in draws)  # the camera looks at all from afar

    from dataclasses import replace

    corner = replace(eye, eye=bounds[0, :3] - 1.0)
    frame.mark_near(corner, draws, bounds)
    near = [draw for draw in draws if draw.near]
    assert draws[0] in near and 0 < sum(draw.triangle_count for draw in near) <= 100
    assert slicing.actor_of(draws[0], True) is draws[0].actor and slicing.actor_of(draws[-1], True) is draws[-1].draft
    assert slicing.cost_of(draws[-1], True) < slicing.cost_of(draws[-1], False)
