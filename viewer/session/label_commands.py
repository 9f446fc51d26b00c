"""Commands of what is written into the picture: labels and the caption."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from viewer.session.layer_commands import _change, _has_layer, _no_attribute
from viewer.session.registry import CommandError, command

if TYPE_CHECKING:
    from viewer.session.session import Session

MAX_CAPTION = 200


@command("labels.set_visible", title="Show or hide labels")
def set_labels_visible(session: Session, visible: bool) -> None:
    """Show or hide all labels of the picture."""
    with session.document.change("Show labels" if visible else "Hide labels") as edit:
        edit.state = replace(edit.state, labels=visible)


@command("layer.set_label", title="Label by", enabled=_has_layer)
def set_label(session: Session, layer_id: str, attribute: str | None = None) -> None:
    """Write an attribute beside a layer's objects; "" = nothing, none = the default (names of streets and places)."""
    if attribute:
        city = session.city(layer_id)
        if attribute not in city.objects.columns:
            raise CommandError(_no_attribute(session, layer_id, attribute, city))
    _change(session, layer_id, f"Label by {attribute}" if attribute else "Labels", label_by=attribute)


@command("layer.set_labels_only", title="Show only labels", enabled=_has_layer)
def set_labels_only(session: Session, layer_id: str, on: bool) -> None:
    """Draw of a layer only what is written beside its objects, or the objects as well."""
    _change(session, layer_id, "Only labels" if on else "Labels and objects", labels_only=on)


@command("caption.set", title="Caption")
def set_caption(session: Session, text: str) -> None:
    """Write a line into the lower left corner of every picture; an empty one takes it away."""
    line = " ".join(text.split())
    if len(line) > MAX_CAPTION:
        raise CommandError(f"The caption is too long; {MAX_CAPTION} characters are possible.")
    with session.document.change("Caption") as edit:
        edit.state = replace(edit.state, caption=line)
