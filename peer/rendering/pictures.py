"""The whole of section 6.5, on a picture that is decoded, upright and in sRGB."""

from __future__ import annotations

from PIL import Image

from peer.media.pictures import shrunk
from peer.rendering.colours import changes_colours, recolour
from peer.rendering.framing import frame_of
from peer.rendering.geometry import framed, turned
from peer.rendering.parameters import Parameters


def render(image: Image.Image, parameters: Parameters, *, edge: int | None = None) -> Image.Image:
    """``image`` (``RGB`` or ``RGBA``) as edited, at most ``edge`` pixels on the longer side. ``image`` itself is left as it is."""
    picture = framed(image, frame_of(image.size, parameters))
    if edge is not None:
        picture = shrunk(picture, edge)
    picture = turned(picture, parameters)
    if picture is image and changes_colours(parameters):
        picture = image.copy()
    recolour(picture, parameters)
    return picture
