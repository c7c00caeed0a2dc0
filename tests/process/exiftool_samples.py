"""Files that exiftool and we read: the real photographs beside the project, where they are, and a few of our own with what those lack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.fixtures import blocks, pictures
from tests.fixtures.pictures import Shot

SHARED = (Path(__file__).parents[2] / ".." / "shared" / "photos").resolve()

_SHOT = Shot(
    make="Apple",
    model="iPhone 15",
    lens="iPhone 15 back camera",
    taken="2024:07:21 18:03:11",
    offset="+02:00",
    fraction="348",
    orientation=6,
    iso=125,
    aperture=1.8,
    exposure=1 / 250,
    focal=6.86,
    position=(-33.8568, -151.2153, -4.25),
)
_CAMERA = (
    'tiff:Make="Canon" tiff:Model="EOS R5" exif:FNumber="28/10" exif:ExposureTime="1/1250" exif:FocalLength="50/1" exifEX:LensModel="RF 50" '
    'exif:DateTimeOriginal="2021-05-04T03:02:01.5+09:00" exif:GPSLatitude="48,51.504N" exif:GPSLongitude="2,17.67E" xmp:Rating="3"'
)
_WORDS = blocks.array("lr:hierarchicalSubject", "animals|birds|falcon", "alone") + blocks.description("Ein Vogel.\nÜber dem See.")
_FACES = blocks.regions(blocks.face("Marie", 0.25, 0.5, 0.125, 0.25), blocks.face("Rex", 0.7, 0.6, 0.2, 0.1, kind="Pet"), size=(64, 48))
_PRESS = b"".join(
    [
        blocks.data_set(1, 90, b"\x1b%G"),
        blocks.data_set(2, 25, "Gänse".encode()),
        blocks.data_set(2, 25, b"meadow"),
        blocks.data_set(2, 55, b"20240721"),
        blocks.data_set(2, 60, b"180311+0200"),
        blocks.data_set(2, 120, "Ein Frühlingstag.".encode()),
    ]
)
_WINDOWS = {
    0x010E: "OLYMPUS DIGITAL CAMERA         ",
    0x4746: 4,
    0x9C9C: "said on Windows".encode("utf-16-le") + bytes(2),
    0x9C9E: "one;two".encode("utf-16-le") + bytes(2),
}


def _photo(*segments: bytes, shot: Shot | None = None) -> bytes:
    return blocks.with_segments(pictures.jpeg(64, 48, shot=shot), *segments)


def _xmp(packet: bytes) -> bytes:
    return blocks.segment(0xE1, blocks.XMP_SEGMENT + packet)


def own_files() -> Mapping[str, bytes]:
    """Contents by name, made anew."""
    note = blocks.apple_note(content="1F2E3D4C-0000-4000-8000-000000000001", burst="B0000000-0000-4000-8000-000000000002")
    press = blocks.segment(0xED, blocks.PHOTOSHOP_SEGMENT + blocks.resource(0x0404, _PRESS))
    packet = blocks.packet(_WORDS + blocks.array("exif:ISOSpeedRatings", "400", kind="Seq"), _CAMERA)
    return {
        "own/camera.jpg": _photo(shot=_SHOT),
        "own/press.jpg": _photo(press),
        "own/press-and-camera.jpg": _photo(press, shot=_SHOT),
        "own/packet.jpg": _photo(_xmp(packet)),
        "own/packet-and-camera.jpg": _photo(_xmp(packet), shot=Shot(make="SONY", model=None, taken=None, iso=100)),
        "own/faces.jpg": _photo(_xmp(blocks.packet(_FACES)), shot=_SHOT),
        "own/apple.jpg": pictures.encoded(pictures.scene(64, 48), "JPEG", exif=blocks.exif(exposure={0x927C: note})),
        "own/windows.jpg": pictures.encoded(pictures.scene(64, 48), "JPEG", exif=blocks.exif(_WINDOWS)),
        "own/camera.heic": pictures.heic(128, 64, shot=Shot(offset="-03:30", fraction="05", orientation=1)),
        "own/camera.webp": pictures.webp(64, 48, shot=_SHOT),
        "own/camera.png": pictures.png(64, 48, shot=_SHOT),
        "own/camera.tif": pictures.tiff(64, 48, shot=Shot(iso=200, position=(64.1466, -21.9426, 10.0))),
        "own/sidecar.xmp": packet,
        "own/faces.xmp": blocks.packet(_FACES, 'tiff:Orientation="8" GCamera:BurstID="some-burst"'),
    }


def collect(folder: Path) -> Mapping[str, Path]:
    """Paths of all samples by name; our own are written into ``folder``."""
    found = {str(path.relative_to(SHARED)): path for path in sorted(SHARED.rglob("*")) if path.is_file() and path.suffix != ".md"}
    for name, contents in own_files().items():
        found[name] = folder / Path(name).name
        found[name].write_bytes(contents)
    return found
