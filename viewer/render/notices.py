"""What the renderer tells people: one sentence about what is not drawn, one about the remedy."""

from __future__ import annotations

SHOWN_NAMES = 3


def left_out(count: int, lod: str) -> str:
    """Too many copies of geometry templates."""
    copies = "copies of geometry templates are" if count != 1 else "copy of a geometry template is"
    return f"{count:,} {copies} not drawn in LoD {lod}: that would be too many. Choose another LoD, or split the file."


def unreadable(names: tuple[str, ...]) -> str:
    """Texture images that are broken, too large or of an unknown kind."""
    shown = ", ".join(names[:SHOWN_NAMES]) + (", ..." if len(names) > SHOWN_NAMES else "")
    return (
        f"{len(names):,} texture image{'s' * (len(names) != 1)} cannot be read ({shown}); the faces show their "
        "material. PNG, JPEG, WebP, BMP, TIFF and GIF of up to 64 megapixels can be read."
    )


def too_large(theme: str) -> str:
    """No memory for a theme's images."""
    return f"The images of theme {theme!r} need more memory than there is; materials are shown. Close other layers."


def rejected(said: str, *, plain: bool) -> str:
    """The driver does not take a shader. ``plain``: nothing but VTK's own shaders is left."""
    lost = "The city is drawn in one colour, hidden objects too." if plain else "Textures are not drawn."
    return (
        f"The graphics driver rejects a shader of this program ({said}). {lost} "
        "Update the graphics driver; `citiverse doctor` says which one is used."
    )
