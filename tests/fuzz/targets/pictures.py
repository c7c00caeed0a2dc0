"""What lies inside other files: camera pictures in RAW files, films in photos, phones' metadata in films."""

from __future__ import annotations

from collections.abc import Mapping

from peer.media.embedded import embedded_pictures, sensor_size
from peer.media.fields import fits, fitting
from peer.media.motion import find_motion
from peer.media.movie import read_movie
from peer.media.quicktime import MAX_KEYS
from peer.media.webp import canvas_size
from peer.media.xmp import read_packet
from tests.fixtures import raws
from tests.fixtures.films import with_keys, with_user_data
from tests.fixtures.pictures import box, movie, webp
from tests.fuzz.target import Target, promise

_RAW = ("NEF", "CR2", "RW2", "RAF", "CR3")
_MOTION = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    b' xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideoOffset="%d"/></rdf:RDF></x:xmpmeta>\n'
)
_FILM = box(b"ftyp", b"mp42", bytes(4)) + box(b"moov", box(b"mvhd", bytes(100))) + box(b"mdat", bytes(8))


def embedded(data: bytes) -> None:
    """Whatever a RAW file says, the pictures in it lie within it, the largest comes first, and a sensor has a size that can be."""
    for name in _RAW:
        found = embedded_pictures(data, name)
        promise(all(0 <= each.offset < each.offset + each.length <= len(data) for each in found), "a picture outside of the file")
        areas = [each.width * each.height for each in found]
        promise(areas == sorted(areas, reverse=True) and all(areas), "pictures out of their order")
        size = sensor_size(data, name)
        promise(size is None or all(1 <= edge <= 1_000_000 for edge in size), "a sensor of no size")


def motion(data: bytes) -> None:
    """Whatever a photo announces (its packet in the first line, the file behind it), a film that is found lies within it and begins like one."""
    packet, _, photo = data.partition(b"\n")
    part = find_motion(photo, read_packet(packet))
    promise(part.extent is None or part.problem is None, "a film that is there and isn't")
    if part.extent is not None:
        offset, length = part.extent
        promise(0 < offset < offset + length <= len(photo), "a film outside of the photo")
        promise(photo[offset + 4 : offset + 8] == b"ftyp" and b"moov" in photo[offset : offset + length], "a film that is none")


def film_metadata(data: bytes) -> None:
    """Whatever a film says of itself, a record can hold it as it is."""
    said = read_movie(data).metadata
    promise(fitting(said) == said and fits(said), "metadata that a record doesn't give back")


def webp_size(data: bytes) -> None:
    """Whatever a WebP begins with, it has no size or one of its format's."""
    size = canvas_size(data)
    promise(size is None or max(size) <= 1 << 24, "a canvas that can't be")


def _raws() -> Mapping[str, bytes]:
    tiny = raws.camera_jpeg(8, 8)
    return {
        "nef": raws.nef(tiny, tiny, orientation=6),
        "cr2": raws.cr2(tiny),
        "rw2": raws.rw2(tiny),
        "raf": raws.raf(tiny)[:-900],
        "cr3": raws.cr3(tiny),
    }


def _photos() -> Mapping[str, bytes]:
    directory = b"SEFH" + bytes([107, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x30, 0x0A]) + bytes([24 + len(_FILM), 0, 0, 0]) * 2
    samsung = bytes([0, 0, 0x30, 0x0A, 16, 0, 0, 0]) + b"MotionPhoto_Data" + _FILM + directory + bytes([len(directory), 0, 0, 0]) + b"SEFT"
    heic = box(b"ftyp", b"heic", bytes(4)) + box(b"mpvd", _FILM)
    return {"google": _MOTION % len(_FILM) + b"photo" + _FILM, "samsung": b"\nphoto" + samsung, "heic": b"\n" + heic}


def _films() -> Mapping[str, bytes]:
    whole = box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", b"")
    keys = {"com.apple.quicktime.make": "Apple", "com.apple.quicktime.location.ISO6709": "+48.8584+002.2945+035.1/"}
    many = {f"com.apple.quicktime.{number}": "" for number in range(MAX_KEYS)} | {"com.apple.quicktime.content.identifier": "0A1B"}
    return {
        "header": movie(turned=True),
        "keys": with_keys(whole, keys),
        "keys as in mp4": with_keys(whole, keys, quicktime=False),
        "too many": with_keys(whole, many)[:20_000],
        "place": with_user_data(whole, {b"\xa9xyz": "-33.8568+151.2153/", b"\xa9day": "2024-07-21T18:03:11+0200"}),
    }


TARGETS = (
    Target(name="embedded-picture", check=embedded, seeds=_raws),
    Target(name="motion-photo", check=motion, seeds=_photos),
    Target(name="film-metadata", check=film_metadata, seeds=_films),
    Target(name="webp-size", check=webp_size, seeds=lambda: {"lossy": webp(8, 8)[:40]}, longest=64),
)
