"""Real photographs, field by field: what is read of them is what exiftool reads, or differs for a reason that stands here.

exiftool gives every tag of every block; which of them counts is the order of ``peer.media.metadata``. So for each field the tags are listed in that order,
and the first that has a value is compared.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest

from crdt.facts import Region
from peer.media.examination import examine
from peer.media.metadata import Metadata
from peer.media.regions import upright
from peer.media.sidecars import read_sidecar
from peer.media.types import HEAD_BYTES, MediaType, identify
from tests.process.exiftool_samples import collect

pytestmark = pytest.mark.process

if shutil.which("exiftool") is None:
    pytest.skip("exiftool is not installed (Debian: apt-get install libimage-exiftool-perl)", allow_module_level=True)

_FOLDER = TemporaryDirectory(prefix="calotype-exiftool-")
SAMPLES = collect(Path(_FOLDER.name))
REAL = [name for name in SAMPLES if not name.startswith("own/")]

Tags = Mapping[str, Any]


class Difference(NamedTuple):
    """What is read here where exiftool reads something else, and why."""

    ours: Any
    reason: str


EXCEPTIONS: Mapping[tuple[str, str], Difference] = {
    ("metadata/gps-position/thompson-springs.jpg", "orientation"): Difference(
        None, "it stands in XMP alone, and only EXIF's turns pictures where they are looked at"
    ),
    ("metadata/gps-position/thompson-springs.jpg", "taken"): Difference(
        "2022-01-10T15:15:44.310-04:00", "the fraction stands in XMP, the zone of the same second in IPTC; exiftool never joins two blocks"
    ),
    ("formats/jpg/el_torcal_rocks.jpg", "caption"): Difference(None, "SONY DSC was put there by the camera, not by a person"),
    ("problems/xmp/iso-value-array/iso-value-array.xmp", "caption"): Difference(
        None, "'binary comment' is what a program shows for a comment that it can't read"
    ),
    ("own/windows.jpg", "caption"): Difference("said on Windows", "OLYMPUS DIGITAL CAMERA was put there by the camera, not by a person"),
}


@cache
def tags_of_all() -> Mapping[str, Tags]:
    """By file name. exiftool 12 stops at the two byte order marks of packets in UTF-16; it gets those in UTF-8."""
    found = dict(zip(SAMPLES, exiftool(*(str(path) for path in SAMPLES.values())), strict=True))
    wide = {name: path for name, path in SAMPLES.items() if path.read_bytes().startswith(b"\xff\xfe")}
    return found | {name: exiftool("-", given=path.read_text("utf-16").encode())[0] for name, path in wide.items()}


def exiftool(*files: str, given: bytes = b"") -> list[dict[str, Any]]:
    command = ["exiftool", "-json", "-n", "-G1", "-struct", *files]
    answer: list[dict[str, Any]] = json.loads(subprocess.run(command, input=given, capture_output=True, check=True).stdout)
    return answer


@cache
def read(name: str) -> Metadata:
    path = SAMPLES[name]
    data = path.read_bytes()
    if path.suffix == ".xmp":
        reading = read_sidecar(data, path.name)
        assert reading.problem is None
        return reading.exif
    media = identify(data[:HEAD_BYTES], path.name)
    assert isinstance(media, MediaType)
    return examine(path, media).exif


def moment(value: Any) -> str | None:
    """``2009:08:29 13:18:08.17`` as records spell it, to the millisecond."""
    match = re.fullmatch(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", str(value))
    if match is None:
        return None
    fraction = (match[5] or "")[:3].ljust(3, "0")
    return (
        f"{match[1]}-{match[2]}-{match[3]}T{match[4]}" + (f".{fraction}" if int(fraction) else "") + (match[6] or "").replace("Z", "+00:00")
    )


def text(value: Any) -> str | None:
    return " ".join(str(value).split()) or None


def number(value: Any) -> float | None:
    while isinstance(value, list):
        value = value[0]
    return float(value) if value not in ("", "undef") else None


def words(value: Any) -> list[str] | None:
    """Of paths of keywords the last."""
    listed = value if isinstance(value, list) else str(value).split(";")
    return [str(word).rpartition("|")[2] for word in listed]


FIELDS: Mapping[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    "taken": (
        moment,
        (
            "Composite:SubSecDateTimeOriginal",
            "ExifIFD:DateTimeOriginal",
            "Composite:SubSecCreateDate",
            "ExifIFD:CreateDate",
            "XMP-exif:DateTimeOriginal",
            "XMP-photoshop:DateCreated",
            "Composite:DateTimeCreated",
            "XMP-xmp:CreateDate",
            "IFD0:ModifyDate",
            "Composite:GPSDateTime",
            "XMP-exif:GPSDateTime",
        ),
    ),
    "orientation": (number, ("IFD0:Orientation", "XMP-tiff:Orientation")),
    "make": (text, ("IFD0:Make", "XMP-tiff:Make")),
    "model": (text, ("IFD0:Model", "XMP-tiff:Model")),
    "lens": (text, ("ExifIFD:LensModel", "XMP-exifEX:LensModel", "XMP-aux:Lens")),
    "iso": (number, ("ExifIFD:ISO", "XMP-exif:ISO")),
    "f": (number, ("ExifIFD:FNumber", "XMP-exif:FNumber")),
    "exposure": (number, ("ExifIFD:ExposureTime", "XMP-exif:ExposureTime")),
    "focal": (number, ("ExifIFD:FocalLength", "XMP-exif:FocalLength")),
    "caption": (
        text,
        (
            "XMP-dc:Description",
            "IPTC:Caption-Abstract",
            "IFD0:ImageDescription",
            "IFD0:XPComment",
            "ExifIFD:UserComment",
            "XMP-exif:UserComment",
        ),
    ),
    "rating": (number, ("XMP-xmp:Rating", "IFD0:Rating")),
    "keywords": (words, ("XMP-dc:Subject", "XMP-lr:HierarchicalSubject", "IPTC:Keywords", "IFD0:XPKeywords")),
    "content": (text, ("Apple:ContentIdentifier", "Apple:MediaGroupUUID")),
    "burst": (text, ("Apple:BurstUUID", "XMP-GCamera:BurstID")),
}


def expected(tags: Tags, field: str) -> Any:
    convert, names = FIELDS[field]
    values = (convert(tags[name]) for name in names if name in tags)
    return next((value for value in values if value is not None), None)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", SAMPLES)
def test_each_field_is_what_exiftool_reads(name: str, field: str) -> None:
    ours, theirs = read(name).get(field), expected(tags_of_all()[name], field)
    if (name, field) in EXCEPTIONS:
        assert theirs is not None, "no exception any more"
        assert ours == EXCEPTIONS[name, field].ours, EXCEPTIONS[name, field].reason
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-5)
    else:
        assert (text(ours) if field == "caption" and ours else ours) == theirs


@pytest.mark.parametrize("name", SAMPLES)
def test_the_place_is_what_exiftool_reads(name: str) -> None:
    tags = tags_of_all()[name]
    sides = [
        next((side for group in ("Composite", "XMP-exif") if (side := number(tags.get(f"{group}:GPS{what}", ""))) is not None), None)
        for what in ("Latitude", "Longitude", "Altitude")
    ]
    theirs = [side for side in sides if side is not None]
    ours = read(name).get("gps", [])
    assert isinstance(ours, list)
    assert ours == pytest.approx(theirs, abs=0.006)
    assert ours[:2] == pytest.approx(theirs[:2], abs=1e-7)


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.endswith(".xmp")])
def test_the_size_is_what_exiftool_reads_turned_upright(name: str) -> None:
    tags = tags_of_all()[name]
    size = [int(edge) for edge in str(tags["Composite:ImageSize"]).split()]
    turned = tags.get("IFD0:Orientation", 1) >= 5
    assert [read(name)["width"], read(name)["height"]] == (size[::-1] if turned else size)


@pytest.mark.parametrize("name", SAMPLES)
def test_regions_are_what_exiftool_reads_turned_upright(name: str) -> None:
    tags = tags_of_all()[name]
    listed = tags.get("XMP-mwg-rs:RegionInfo", {}).get("RegionList", [])
    ours = read(name).get("regions", [])
    assert isinstance(ours, list)
    assert len(ours) == len(listed)
    for region, theirs in zip(ours, listed, strict=True):
        area = theirs["Area"]
        stored = Region(name=theirs["Name"], x=area["X"], y=area["Y"], width=area["W"], height=area["H"], kind=theirs["Type"])
        assert region == upright(stored, tags.get("IFD0:Orientation", tags.get("XMP-tiff:Orientation", 1))).value()


@pytest.mark.skipif(not REAL, reason="the folder ../shared/photos is not there")
def test_the_two_ways_to_tell_regions_agree_on_the_same_faces() -> None:
    """The working group's lie in the picture as stored, Microsoft's in the picture as looked at."""
    name = "metadata/faces/portrait-orientation-6.jpg"
    ours = read(name)["regions"]
    assert isinstance(ours, list)
    for region, theirs in zip(ours, tags_of_all()[name]["XMP-MP:RegionInfoMP"]["Regions"], strict=True):
        assert isinstance(region, dict)
        left, top, width, height = (float(part) for part in theirs["Rectangle"].split(","))
        assert region["name"] == theirs["PersonDisplayName"]
        for side, value in zip("xywh", (left + width / 2, top + height / 2, width, height), strict=True):
            assert math.isclose(float(str(region[side])), value, abs_tol=1e-5)


@pytest.mark.skipif(not REAL, reason="the folder ../shared/photos is not there")
def test_exceptions_name_files_and_fields_that_there_are() -> None:
    assert set(SAMPLES) >= {name for name, _ in EXCEPTIONS}
    assert set(FIELDS) >= {field for _, field in EXCEPTIONS}
