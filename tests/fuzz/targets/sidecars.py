"""What stands beside photos, and what agencies write into them: IPTC, sidecars read, sidecars written."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from dataclasses import replace

from crdt.asset import view_asset
from crdt.facts import Exif, Location, Region
from crdt.record import EMPTY
from peer.media.exif import ExifDirectories
from peer.media.iptc import Iptc, from_resources
from peer.media.metadata import read_metadata
from peer.media.sidecars import read_sidecar, write_sidecar
from peer.media.xmp import NotXmpError, read_packet
from peer.media.xmp_document import XmpDocument
from tests.fixtures.blocks import array, data_set, description, face, microsoft_regions, packet, regions, resource
from tests.fuzz.target import Target, promise
from tests.fuzz.targets.media import check_metadata

_VIEW = replace(
    view_asset(EMPTY),
    taken="2024-07-21T18:03:11.348+02:00",
    location=Location(latitude=48.8584, longitude=-2.2945, altitude=-3.5),
    caption="two\nlines",
    keywords=("a", "b & c"),
    rating=4,
    regions=(Region(name="Marie", x=0.25, y=0.5, width=0.125, height=0.25),),
    edits={"rotate": 90},
    exif=Exif(orientation=6, width=30, height=40),
)
_SAID = {
    "taken": "2024-07-21T18:03:11.348+02:00",
    "gps": [48.8584, -2.2945, -3.5],
    "caption": "two\nlines",
    "keywords": ["a", "b & c"],
    "rating": 4,
}


def iptc(data: bytes) -> None:
    """Whatever IPTC and the resources around it say, what is read of it is plausible, and a record can hold it."""
    for block in (Iptc(block=data), from_resources(data)):
        check_metadata(read_metadata(ExifDirectories(), {}, block))


def sidecar(data: bytes) -> None:
    """Whatever a sidecar holds, it is read as something plausible that a record can hold, or has a reason."""
    for name in ("x.xmp", "x.aae"):
        reading = read_sidecar(data, name)
        promise(reading.problem is None or bool(reading.problem and not reading.exif), "a problem and a reading")
        check_metadata(reading.exif)


def written_sidecar(data: bytes) -> None:
    """Whatever packet was there, one that is written over it says what the library knows, and writing it again changes nothing."""
    written = write_sidecar(_VIEW, data)
    said = read_sidecar(written, "x.xmp").exif
    promise(
        {name: said.get(name) for name in _SAID} | {"keywords": sorted(_words(said.get("keywords")))} == _SAID, "a sidecar that says else"
    )
    promise(write_sidecar(_VIEW, written) == written, "a sidecar that is written twice")
    before, after = (read_packet(packet) if _can_be_kept(packet) else {} for packet in (data, written))
    promise(
        all(after.get(name) == before[name] for name in ("tiff:Make", "tiff:Model", "aux:Lens") if name in before),
        "a property that was lost",
    )


def _can_be_kept(packet: bytes) -> bool:
    """Not with blanks in a namespace, or with names that the parser takes in one encoding only."""
    try:
        return read_packet(XmpDocument(packet).to_bytes()) == read_packet(packet)
    except NotXmpError:
        return False


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def _blocks() -> Mapping[str, bytes]:
    press = data_set(1, 90, b"\x1b%G") + data_set(2, 25, "Bäume".encode()) + data_set(2, 55, b"20240721") + data_set(2, 60, b"180311+0200")
    return {
        "press": press,
        "resources": resource(0x0404, press) + resource(0x0425, bytes(range(16)), name=b"odd"),
        "long": b"\x1c\x02\x78\x80\x04\0\0\0\x02hi",
    }


def _sidecars() -> Mapping[str, bytes]:
    people = regions(face("Marie", 0.5, 0.5, 0.1, 0.2), size=(40, 30)) + microsoft_regions(("Pierre", "0.1,0.2,0.3,0.4"))
    words = array("dc:subject", "a", "c") + array("lr:hierarchicalSubject", "x|a", "x|d") + description("old")
    place = 'tiff:Make="Canon" xmp:Rating="1" exif:GPSLatitude="40,14.07N" exif:GPSLongitude="76,17,13W" exif:DateTimeOriginal="2024-07-21"'
    said = {"adjustmentBaseVersion": 0, "adjustmentData": b"\x01"}
    return {
        "packet": packet(people + words, place),
        "wide": packet(words).decode().encode("utf-16"),
        "binary": plistlib.dumps(said, fmt=plistlib.FMT_BINARY),
        "list": plistlib.dumps(said),
    }


TARGETS = (
    Target(name="iptc", check=iptc, seeds=_blocks),
    Target(name="sidecar", check=sidecar, seeds=_sidecars),
    Target(name="written-sidecar", check=written_sidecar, seeds=_sidecars),
)
