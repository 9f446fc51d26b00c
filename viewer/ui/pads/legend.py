"""What the sticks and buttons do, in words for the legend of keys and the sheet of all keys. No Qt."""

from __future__ import annotations

Keys = tuple[tuple[str, str], ...]

_CAPS: dict[str, dict[str, str]] = {
    "xbox": {},
    "playstation": {
        "A": "Cross", "B": "Circle", "X": "Square", "Y": "Triangle", "LT": "L2", "RT": "R2", "LB": "L1", "RB": "R1",
        "Start": "Options", "Back": "Create",
    },
    "nintendo": {
        "A": "B", "B": "A", "X": "Y", "Y": "X", "LT": "ZL", "RT": "ZR", "LB": "L", "RB": "R", "Start": "+", "Back": "−",
    },
}  # fmt: skip
_NAMES = {
    "a": "A", "b": "B", "x": "X", "y": "Y", "back": "Back", "guide": "Guide", "start": "Start",
    "left_stick": "Left stick", "right_stick": "Right stick", "left_shoulder": "LB", "right_shoulder": "RB",
    "up": "Up", "down": "Down", "left": "Left", "right": "Right",
}  # fmt: skip
_PAD: dict[str, Keys] = {
    "walk": (
        ("Left stick", "walk"), ("Right stick", "look"), ("RT", "faster"), ("A", "go there"), ("X", "who walks"),
        ("B", "take me up"), ("Back", "end"),
    ),
    "fly": (
        ("Left stick", "fly"), ("Right stick", "look"), ("RT", "faster"), ("Pad up, down", "up, down"),
        ("A", "go there"), ("B", "take me up"), ("Back", "end"),
    ),
    "orbit": (
        ("Left stick", "move"), ("Right stick", "turn"), ("LT RT", "farther, nearer"), ("Y", "to the street"),
        ("LB RB", "viewpoints"), ("Start", "home"),
    ),
    "talk": (
        ("A", "next step"), ("LB RB", "step before, after"), ("Start", "step again"), ("Right stick", "turn"),
        ("Y", "to the street"), ("Press left stick", "black"),
    ),
}  # fmt: skip
_SPACE: dict[str, Keys] = {
    "walk": (("Push", "walk"), ("Twist, tilt", "look"), ("Button 1", "home"), ("Button 2", "show all")),
    "fly": (("Push, lift", "fly"), ("Twist, tilt", "look"), ("Button 1", "home"), ("Button 2", "show all")),
    "orbit": (("Push, lift", "move the model"), ("Twist, tilt", "turn it"), ("Button 1", "home"), ("Button 2", "fit")),
}
SHEET: Keys = (
    ("Left stick", "Walk, fly, or move the view"),
    ("Right stick", "Look round, or turn the model"),
    ("RT, LT", "Faster, slower; nearer, farther"),
    ("A", "Go to the middle of the view, or select it"),
    ("B", "Take me up"),
    ("X", "Who walks: adult, child, wheelchair"),
    ("Y", "Street or view from above"),
    ("LB, RB", "Viewpoint before, after"),
    ("Pad left, right", "Step of a tour before, after"),
    ("Pad up, down", "Walking speed; fly up, down"),
    ("Start, Back", "Home; end, or the view before"),
)
"""All of a gamepad."""


def cap(text: str, style: str) -> str:
    """What is printed on a button: "A" of an Xbox pad is "Cross" in the style "playstation"."""
    caps = _CAPS.get(style, {})
    return " ".join(caps.get(word, word) for word in text.split(" "))


def button_name(button: str, style: str) -> str:
    """The name of one of `viewer.session.pads.BUTTONS` on a pad of a style."""
    return cap(_NAMES.get(button, button), style)


def pad_keys(mode: str, style: str) -> Keys:
    """The line of keys for a gamepad in a mode ("walk", "fly" or "orbit"; "talk" is orbit in a talk)."""
    return tuple((cap(key, style), text) for key, text in _PAD[mode])


def space_keys(mode: str) -> Keys:
    """The line of keys for a SpaceMouse in a mode."""
    return _SPACE[mode]
