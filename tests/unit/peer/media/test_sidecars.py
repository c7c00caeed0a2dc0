"""Sidecars: read whoever wrote them, written so that nobody loses what is theirs."""

from __future__ import annotations

import json
import plistlib
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, canonicalize, fromstring, tostring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.asset import AssetView, view_asset
from crdt.facts import Exif, Location, Region
from crdt.record import EMPTY
from crdt.values import Value
from peer.media import plausible
from peer.media.sidecars import MAX_SIDECAR_BYTES, SidecarReading, read_sidecar, write_sidecar
from peer.media.xmp import NAMESPACES, RDF
from tests.fixtures.blocks import array, description, face, packet, regions

NOBODY = view_asset(EMPTY)
SHARED = (Path(__file__).parents[4] / ".." / "shared" / "photos").resolve()

FULL = replace(
    NOBODY,
    taken="2024-07-21T18:03:11.348+02:00",
    location=Location(latitude=-33.8568123, longitude=151.2153456, altitude=-4.25),
    caption="Two lines\n& <tags> “quoted”",
    keywords=("Gänse", "a & b", "x"),
    rating=4,
    regions=(Region(name="Marie", x=0.25, y=0.5, width=0.125, height=0.25, kind="Face"),),
    exif=Exif(orientation=6, width=3000, height=4000),
)


def read(data: bytes) -> Mapping[str, Any]:
    reading = read_sidecar(data, "x.xmp")
    assert reading.problem is None
    return reading.exif


class TestReading:
    """What others write."""

    def test_all_that_a_picture_can_say(self) -> None:
        people = regions(face("Marie", 0.25, 0.5, 0.125, 0.25))
        said = packet(
            array("dc:subject", "a", "b") + description("words") + people,
            'tiff:Orientation="6" xmp:Rating="5" exif:DateTimeOriginal="2024-07-21T18:03:11.5+02:00" '
            'exif:GPSLatitude="48,51.504N" exif:GPSLongitude="2,17.67E"',
        )
        assert read(said) == {
            "taken": "2024-07-21T18:03:11.500+02:00",
            "orientation": 6,
            "rating": 5,
            "caption": "words",
            "keywords": ["a", "b"],
            "gps": [48.8584, 2.2945],
            "regions": [{"name": "Marie", "x": 0.5, "y": 0.25, "w": 0.25, "h": 0.125, "kind": "Face"}],
        }

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "it isn't XML"),
            (b"\x00" * 100, "it isn't XML"),
            (b"<x:xmpmeta", "it isn't XML"),
            (b"<html/>", "it is XML, but not XMP"),
            (b'<!DOCTYPE l [<!ENTITY a "aaa"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>', "it declares a document type or entities"),
            (packet() + b" " * MAX_SIDECAR_BYTES, "it is larger than 4 MiB"),
            (packet().replace(b"rdf:about", b"\xff"), "it isn't XML"),
        ],
    )
    def test_what_is_no_sidecar_says_why(self, data: bytes, reason: str) -> None:
        assert read_sidecar(data, "x.xmp") == SidecarReading(problem=f"the sidecar can't be read: {reason}")

    @given(st.binary(max_size=300), st.sampled_from(["a.xmp", "a.AAE", "", "a.jpg.xmp"]))
    def test_any_bytes_have_a_reading(self, data: bytes, name: str) -> None:
        read_sidecar(data, name)
        read_sidecar(b"bplist00" + data, name)

    def test_so_many_words_fit_into_a_record(self) -> None:
        found = read(packet(array("dc:subject", *(f"{number} " + "é" * 200 for number in range(2000)))))
        assert 0 < len(found["keywords"]) < 500
        assert len(json.dumps(found, ensure_ascii=False).encode()) < 40_000

    def test_the_real_ones(self) -> None:
        if not SHARED.is_dir():
            pytest.skip("the folder ../shared/photos is not there")
        assert read((SHARED / "metadata/xmp/dates/2000.xmp").read_bytes()) == {"taken": "2000-09-27T14:35:33+02:00"}
        assert read((SHARED / "metadata/xmp/dates/2010.xmp").read_bytes()) == {"taken": "2010-09-27T14:35:33+02:00"}
        assert read((SHARED / "problems/xmp/iso-value-array/iso-value-array.xmp").read_bytes()) == {
            "taken": "2009-11-28T13:42:39",
            "orientation": 1,
            "make": "Canon",
            "model": "Canon PowerShot SX120 IS",
            "iso": 160,
            "f": 2.8,
            "exposure": 0.0008,
            "focal": 6,
            "gps": [40.2346441, -76.2871415],
        }


class TestAdjustments:
    """Apple's lists are recognised, and kept as they are."""

    SAID = {"adjustmentBaseVersion": 0, "adjustmentData": b"\x01\x02", "adjustmentFormatIdentifier": "com.apple.photo"}  # noqa: RUF012

    @pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
    def test_both_forms(self, form: Any) -> None:
        assert read_sidecar(plistlib.dumps(self.SAID, fmt=form), "IMG_0001.AAE") == SidecarReading()

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"bplist00",
            plistlib.dumps({"other": 1}),
            plistlib.dumps([1, 2]),
            plistlib.dumps(SAID)[:-30],
            plistlib.dumps(SAID, fmt=plistlib.FMT_BINARY)[:-1],
            b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "b">]><plist><dict/></plist>',
            b"bplist00" + b"\xa1\x00" * 10 + bytes(24) + b"\xff" * 8,
            b'<?xml version="1.0"?><plist>' + b"<array>" * 5000,
            packet(),
        ],
    )
    def test_everything_else_is_none(self, data: bytes) -> None:
        assert read_sidecar(data, "x.aae").problem == "the sidecar can't be read: it isn't a list of adjustments"


class TestWriting:
    """What the library knows, and no more."""

    def test_what_is_written_reads_the_same(self) -> None:
        assert read(write_sidecar(FULL, None)) == {
            "taken": "2024-07-21T18:03:11.348+02:00",
            "orientation": 6,
            "rating": 4,
            "caption": "Two lines\n& <tags> “quoted”",
            "keywords": ["Gänse", "a & b", "x"],
            "gps": [-33.8568123, 151.2153456, -4.25],
            "regions": [{"name": "Marie", "x": 0.25, "y": 0.5, "w": 0.125, "h": 0.25, "kind": "Face"}],
        }

    def test_nothing_known_is_an_empty_packet(self) -> None:
        assert read(write_sidecar(NOBODY, None)) == {}

    def test_what_says_all_that_already_stays_as_it_is_byte_for_byte(self) -> None:
        existing = packet(array("dc:subject", "x", "y"), 'xmp:Rating="2.0" exif:GPSLatitude="40,14.0N" exif:GPSLongitude="76,17.0W"')
        view = replace(NOBODY, rating=2, keywords=("y", "x"), location=Location(latitude=40.2333333, longitude=-76.2833333))
        assert write_sidecar(view, existing) == existing

    def test_twice_is_once(self) -> None:
        once = write_sidecar(FULL, packet(description("old")))
        assert write_sidecar(FULL, once) == once

    def test_what_is_no_packet_is_written_anew(self) -> None:
        assert read(write_sidecar(FULL, b"nonsense"))["rating"] == 4

    def test_a_namespace_that_can_not_be_kept_is_no_error(self) -> None:
        assert read(write_sidecar(FULL, packet(attributes='xmlns:odd="a b"')))["rating"] == 4

    def test_a_name_that_is_one_in_utf_16_alone_is_no_error(self) -> None:
        assert read(write_sidecar(FULL, packet(attributes='º=""').decode().encode("utf-16")))["rating"] == 4

    def test_orientation_is_left_alone(self) -> None:
        written = write_sidecar(FULL, packet(attributes='tiff:Orientation="8"'))
        assert read(written)["orientation"] == 8
        assert read(written)["regions"] == [FULL.regions[0].value()]
        assert "orientation" not in read(write_sidecar(replace(FULL, regions=()), None))

    def test_regions_of_the_packet_are_left_alone(self) -> None:
        existing = packet(regions(face("", 0.5, 0.5, 0.1, 0.1), face("Else", 0.5, 0.5, 0.1, 0.1)))
        assert b"Marie" not in write_sidecar(FULL, existing)

    def test_other_languages_stay(self) -> None:
        both = '<rdf:li xml:lang="x-default">tree</rdf:li><rdf:li xml:lang="de">Baum</rdf:li>'
        existing = packet(f"<dc:description><rdf:Alt>{both}</rdf:Alt></dc:description>")
        written = write_sidecar(replace(NOBODY, caption="oak"), existing)
        assert read(written)["caption"] == "oak"
        assert "Baum" in written.decode()
        assert "tree" not in written.decode()

    def test_what_the_person_took_away_is_gone(self) -> None:
        paths = array("lr:hierarchicalSubject", "plants|tree", "plants|moss")
        place = 'exif:GPSLatitude="40,14.0N" exif:GPSLongitude="76,17.0W" exif:GPSAltitude="1/1" xmp:Rating="3"'
        existing = packet(array("dc:subject", "tree", "moss") + paths + description("words"), place)
        assert read(write_sidecar(replace(NOBODY, keywords=("moss",), rating=3), existing)) == {"keywords": ["moss"], "rating": 3}
        assert read(write_sidecar(NOBODY, existing)) == {"rating": 0}
        assert b"plants|tree" not in write_sidecar(replace(NOBODY, keywords=("moss",)), existing)
        assert b"plants|moss" in write_sidecar(replace(NOBODY, keywords=("moss",)), existing)

    def test_what_a_person_wrote_is_written_even_if_it_sounds_like_a_camera(self) -> None:
        assert b">Untitled<" in write_sidecar(replace(NOBODY, caption="Untitled"), None)

    def test_a_rejected_photo_stays_rejected(self) -> None:
        existing = packet(attributes='xmp:Rating="-1"')
        assert write_sidecar(NOBODY, existing) == existing

    def test_edit_parameters_have_a_place_of_their_own(self) -> None:
        edits: dict[str, Value] = {"crop": [0, 0.25, 0.5, 0.5], "rotate": 90, "monochrome": True, "later": {"x": b"\x01"}}
        written = write_sidecar(replace(NOBODY, edits=edits), None).decode()
        assert NAMESPACES["calotype"] in written
        for line in (
            "crop=[0, 0.25, 0.5, 0.5]",
            "rotate=90",
            "monochrome=true",
            "later={&quot;x&quot;: {&quot;hex&quot;: &quot;01&quot;}}",
        ):
            assert line in written.replace('"', "&quot;")
        assert "rotate" not in write_sidecar(NOBODY, written.encode()).decode()

    def test_packets_in_utf_16(self) -> None:
        written = write_sidecar(FULL, packet(attributes='xmp:Label="Grün"').decode().encode("utf-16"))
        assert (read(written)["rating"], "Grün" in written.decode()) == (4, True)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
MOMENTS = st.datetimes().filter(lambda moment: 1826 <= moment.year <= 2100).map(lambda moment: moment.isoformat(timespec="milliseconds"))
DEGREES = st.integers(-(10**7), 10**7).filter(bool)
PLACES = st.builds(
    Location,
    latitude=DEGREES.map(lambda value: value * 90 / 10**7).map(lambda value: round(value, 7)),
    longitude=DEGREES.map(lambda value: value * 180 / 10**7).map(lambda value: round(value, 7)),
    altitude=st.none() | st.integers(-1_000_000, 9_999_99).map(lambda value: value / 100),
)
SIDES = st.integers(1, 10**6).map(lambda value: value / 10**6)
VIEWS: st.SearchStrategy[AssetView] = st.builds(
    lambda orientation, **known: replace(NOBODY, exif=Exif(orientation=orientation, width=40, height=30), **known),
    orientation=st.integers(1, 8),
    taken=st.none() | MOMENTS,
    location=st.none() | PLACES,
    caption=TEXT,
    rating=st.integers(0, 5),
    keywords=st.lists(TEXT.filter(bool), max_size=4, unique=True).map(tuple),
    regions=st.lists(st.builds(Region, name=st.just("Marie"), x=SIDES, y=SIDES, width=SIDES, height=SIDES), max_size=2).map(tuple),
    edits=st.dictionaries(st.from_regex(r"[a-z0-9_-]{1,8}", fullmatch=True), st.integers() | TEXT | st.booleans(), max_size=2),
)
EXISTING = st.none() | st.just(
    packet(array("dc:subject", "old") + description("old") + array("lr:hierarchicalSubject", "a|old"), 'xmp:Rating="1" xmp:Label="Red"')
)


@settings(max_examples=100)
@given(VIEWS, EXISTING)
def test_what_is_written_reads_as_the_library_has_it(view: AssetView, existing: bytes | None) -> None:
    said = read(write_sidecar(view, existing))
    place = view.location
    sides = [] if place is None else [side for side in (place.latitude, place.longitude, place.altitude) if side is not None]
    assert said.get("gps", []) == pytest.approx(sides, abs=1e-7)
    assert said.get("taken") == (None if view.taken is None else view.taken.replace(".000", ""))
    assert said.get("caption") == plausible.caption(view.caption)
    assert said.get("rating", 0) == view.rating
    assert set(said.get("keywords", ())) == set(plausible.keywords(view.keywords) or ())
    assert [region["name"] for region in said.get("regions", ())] == [region.name for region in view.regions]
    for region, meant in zip(said.get("regions", ()), view.regions, strict=True):
        assert [region[side] for side in "xywh"] == pytest.approx([meant.x, meant.y, meant.width, meant.height], abs=1e-6)


FOREIGN = "http://ns.example.com/other/1.0/"
WRITTEN = {
    *(f"{{{NAMESPACES['exif']}}}{name}" for name in ("DateTimeOriginal", "UserComment")),
    *(f"{{{NAMESPACES['exif']}}}GPS{name}" for name in ("Latitude", "Longitude", "Altitude", "AltitudeRef", "LatitudeRef", "LongitudeRef")),
    f"{{{NAMESPACES['photoshop']}}}DateCreated",
    f"{{{NAMESPACES['xmp']}}}Rating",
    f"{{{NAMESPACES['dc']}}}description",
    f"{{{NAMESPACES['dc']}}}subject",
    f"{{{NAMESPACES['tiff']}}}Orientation",
    f"{{{NAMESPACES['mwg-rs']}}}Regions",
    f"{{{NAMESPACES['calotype']}}}Edits",
}


def foreign_properties(data: bytes) -> set[str]:
    """All that is none of the properties that this program writes, as canonical XML."""
    found = set()
    for about in fromstring(data).iter(f"{{{RDF}}}Description"):
        found |= {f"{tag}={value}" for tag, value in about.attrib.items() if tag not in WRITTEN and not tag.startswith(f"{{{RDF}}}")}
        found |= {canonicalize(tostring(child), rewrite_prefixes=True) for child in about if child.tag not in WRITTEN}
    return found


XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20)


@st.composite
def strange_packets(draw: st.DrawFn) -> bytes:
    """Packets in which other programs keep their own: attributes, elements, arrays, structures, more descriptions, odd prefixes."""
    root = Element(f"{{{RDF}}}RDF")
    for _ in range(draw(st.integers(1, 3))):
        about = Element(f"{{{RDF}}}Description", {f"{{{RDF}}}about": "it"})
        root.append(about)
        for number in range(draw(st.integers(0, 3))):
            about.set(f"{{{FOREIGN}}}a{number}", draw(XML_TEXT | st.just("two\nlines\tand a tab\r")))
        for number in range(draw(st.integers(0, 2))):
            child = Element(f"{{{FOREIGN}}}e{number}", {f"{{{RDF}}}parseType": "Resource"})
            child.text = draw(XML_TEXT)
            child.append(Element(f"{{{FOREIGN}}}deep", {"plain": draw(XML_TEXT)}))
            about.append(child)
        if draw(st.booleans()):
            about.set(f"{{{NAMESPACES['xmp']}}}Rating", "1")
    return tostring(root, encoding="unicode").encode(draw(st.sampled_from(["utf-8", "utf-16"])))


@settings(max_examples=100)
@given(strange_packets(), VIEWS)
def test_what_others_wrote_survives(existing: bytes, view: AssetView) -> None:
    assert foreign_properties(write_sidecar(view, existing)) == foreign_properties(existing)


def test_prefixes_comments_and_processing_instructions_survive() -> None:
    existing = (
        f'<?xpacket begin="" id="i"?><!-- before --><r:RDF xmlns:r="{RDF}" xmlns:o="{FOREIGN}"><r:Description r:about="" o:kept="a&#10;b">'
        f"<!-- inside --><o:x><![CDATA[<raw>]]></o:x></r:Description></r:RDF><?xpacket end='w'?>"
    ).encode()
    written = write_sidecar(FULL, existing).decode()
    for part in ("<!-- before -->", "<!-- inside -->", 'o:kept="a&#10;b"', "<o:x>&lt;raw&gt;</o:x>", "<?xpacket begin", "<?xpacket end"):
        assert part in written
    assert read(written.encode())["rating"] == 4


def test_exiftool_reads_what_is_written(tmp_path: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed (Debian: apt-get install libimage-exiftool-perl)")
    path = tmp_path / "x.xmp"
    path.write_bytes(write_sidecar(replace(FULL, edits={"rotate": 90}), packet(attributes='xmp:Label="Red"')))
    answer = subprocess.run(["exiftool", "-json", "-n", "-struct", "-validate", "-warning", str(path)], capture_output=True, check=True)
    said = json.loads(answer.stdout)[0]
    assert "Warning" not in said
    assert said["Validate"] == "0 0 0"
    answer = subprocess.run(["exiftool", "-json", "-n", "-struct", str(path)], capture_output=True, check=True)
    said = json.loads(answer.stdout)[0]
    assert said["DateTimeOriginal"] == "2024:07:21 18:03:11.348+02:00"
    assert (said["GPSLatitude"], said["GPSLongitude"], said["GPSAltitude"]) == (-33.8568123, 151.2153456, -4.25)
    assert said["Description"] == "Two lines\n& <tags> “quoted”"
    assert (said["Subject"], said["Rating"], said["Label"]) == (["Gänse", "a & b", "x"], 4, "Red")
    assert said["RegionInfo"]["AppliedToDimensions"] == {"W": 4000, "H": 3000, "Unit": "pixel"}
    assert said["RegionInfo"]["RegionList"][0]["Name"] == "Marie"
    assert said["Edits"] == ["rotate=90"]
