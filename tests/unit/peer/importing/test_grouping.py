"""Which files are one photo: the rules at the top of ``peer.importing.grouping``, one by one, and what holds of all of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.importing.grouping import MAX_MOTION_SECONDS, Candidate, family_of, group, is_sidecar_role, split_name

TYPES = {
    "heic": "HEIC",
    "heif": "HEIF",
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "png": "PNG",
    "dng": "DNG",
    "cr2": "CR2",
    "mov": "MOV",
    "mp4": "MP4",
    "xmp": "XMP",
    "aae": "AAE",
}


def file(name: str, **said: object) -> Candidate:
    return Candidate(name=name, type=TYPES[name.rpartition(".")[2].lower()], **said)  # type: ignore[arg-type]


def photos(*files: Candidate | str) -> list[dict[str, str]]:
    """The groups, each with the names of its files by role; ``""`` is the primary."""
    made = group(each if isinstance(each, Candidate) else file(each) for each in files)
    return [({"": each.primary.name} if each.primary else {}) | {role: part.name for role, part in each.parts.items()} for each in made]


EXAMPLES: Mapping[str, tuple[list[str], list[dict[str, str]]]] = {
    "a RAW and its JPEG": (["x.CR2", "x.JPG"], [{"": "x.JPG", "raw": "x.CR2"}]),
    "a RAW and its HEIC": (["x.dng", "x.heic"], [{"": "x.heic", "raw": "x.dng"}]),
    "a Live Photo": (["IMG_1.HEIC", "IMG_1.MOV"], [{"": "IMG_1.HEIC", "motion": "IMG_1.MOV"}]),
    "whatever the case": (["img_1.JPG", "IMG_1.mov"], [{"": "img_1.JPG", "motion": "IMG_1.mov"}]),
    "whatever the Unicode form": (["Caf\u00e9.jpg", "Cafe\u0301.dng"], [{"": "Caf\u00e9.jpg", "raw": "Cafe\u0301.dng"}]),
    "all that there can be": (
        ["x.jpg", "x.cr2", "x.mov", "x.jpg.xmp", "x.cr2.xmp", "x.aae", "x.mov.xmp"],
        [
            {
                "": "x.jpg",
                "raw": "x.cr2",
                "motion": "x.mov",
                "sidecar": "x.jpg.xmp",
                "sidecar_raw": "x.cr2.xmp",
                "sidecar_motion": "x.mov.xmp",
                "adjustments": "x.aae",
            }
        ],
    ),
    "a JPEG and a HEIC of one stem": (["x.jpg", "x.heic", "x.mov"], [{"": "x.heic", "motion": "x.mov"}, {"": "x.jpg"}]),
    "two RAWs": (["x.cr2", "x.dng", "x.jpg"], [{"": "x.jpg", "raw": "x.cr2"}, {"": "x.dng"}]),
    "two RAWs alone": (["x.dng", "x.cr2"], [{"": "x.cr2"}, {"": "x.dng"}]),
    "a RAW and a film": (["x.dng", "x.mov"], [{"": "x.dng"}, {"": "x.mov"}]),
    "a still and an MP4": (["x.jpg", "x.mp4"], [{"": "x.jpg"}, {"": "x.mp4"}]),
    "an exported picture": (["x.cr2", "x.png"], [{"": "x.cr2"}, {"": "x.png"}]),
    "an edited copy of Apple's": (
        ["IMG_1.HEIC", "IMG_E1.HEIC", "IMG_E1.MOV", "IMG_1.AAE"],
        [{"": "IMG_1.HEIC", "adjustments": "IMG_1.AAE"}, {"": "IMG_E1.HEIC", "motion": "IMG_E1.MOV"}],
    ),
    "a sidecar of the stem": (["x.jpg", "x.xmp"], [{"": "x.jpg", "sidecar": "x.xmp"}]),
    "two sidecars, and a RAW": (
        ["x.jpg", "x.cr2", "x.jpg.xmp", "x.xmp"],
        [{"": "x.jpg", "raw": "x.cr2", "sidecar": "x.jpg.xmp", "sidecar_raw": "x.xmp"}],
    ),
    "two sidecars, and no RAW": (["x.jpg", "x.jpg.xmp", "x.xmp"], [{"": "x.jpg", "sidecar": "x.jpg.xmp"}, {"sidecar": "x.xmp"}]),
    "a sidecar of a film": (["x.mov", "x.mov.xmp"], [{"": "x.mov", "sidecar": "x.mov.xmp"}]),
    "sidecars without a picture": (["x.xmp", "x.aae"], [{"adjustments": "x.aae"}, {"sidecar": "x.xmp"}]),
    "a sidecar of another picture": (["y.jpg", "x.jpg.xmp"], [{"": "y.jpg"}, {"sidecar": "x.jpg.xmp"}]),
    "a name that looks like a sidecar's": (["x.jpg", "x.jpg.jpg", "x.jpg.xmp"], [{"": "x.jpg", "sidecar": "x.jpg.xmp"}, {"": "x.jpg.jpg"}]),
    "numbers behind dots": (["2024.07.21.jpg", "2024.07.22.mov"], [{"": "2024.07.21.jpg"}, {"": "2024.07.22.mov"}]),
}


@pytest.mark.parametrize(("names", "expected"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_rules_by_example(names: list[str], expected: list[dict[str, str]]) -> None:
    assert photos(*names) == expected


def test_a_content_identifier_joins_whatever_the_names() -> None:
    assert photos(file("a.heic", content="1"), file("b.mov", content="1")) == [{"": "a.heic", "motion": "b.mov"}]
    assert photos(file("a.dng", content="1"), file("a.mp4", content="1")) == [{"": "a.dng", "motion": "a.mp4"}]


def test_identifiers_that_differ_part_what_has_one_stem() -> None:
    assert photos(file("x.heic", content="1"), file("x.mov", content="2")) == [{"": "x.heic"}, {"": "x.mov"}]
    assert photos(file("x.heic", content="1"), file("x.mov")) == [{"": "x.heic", "motion": "x.mov"}]


def test_an_identifier_chooses_the_still() -> None:
    assert photos(file("x.heic", content="2"), file("x.jpg", content="1"), file("x.mov", content="1")) == [
        {"": "x.jpg", "motion": "x.mov"},
        {"": "x.heic"},
    ]


def test_a_long_film_is_no_motion_part_unless_an_identifier_says_so() -> None:
    long = MAX_MOTION_SECONDS + 0.5
    assert photos("x.jpg", file("x.mov", seconds=long)) == [{"": "x.jpg"}, {"": "x.mov"}]
    assert photos("x.jpg", file("x.mov", seconds=MAX_MOTION_SECONDS)) == [{"": "x.jpg", "motion": "x.mov"}]
    assert len(photos(file("x.jpg", content="1"), file("x.mov", seconds=long, content="1"))) == 1


def test_what_came_first_keeps_its_place() -> None:
    assert photos("x.heic", file("x.jpg", settled=True), file("x.cr2", settled=True)) == [{"": "x.jpg", "raw": "x.cr2"}, {"": "x.heic"}]
    assert photos("x.cr2", file("x.dng", settled=True), "x.jpg")[0] == {"": "x.jpg", "raw": "x.dng"}


candidates = st.lists(
    st.builds(
        lambda stem, ends, content, seconds, settled: file(stem + ends, content=content, seconds=seconds, settled=settled),
        st.sampled_from(["a", "A", "b", "IMG_1", "img_1", "\u00e9", "e\u0301"]),
        st.lists(st.sampled_from([f".{extension}" for extension in [*TYPES, "JPG", "MOV", "XMP"]]), min_size=1, max_size=3).map("".join),
        st.sampled_from([None, None, "one", "two"]),
        st.sampled_from([None, 2.5, 60.0]),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda each: each.name,
)


@settings(max_examples=200, deadline=None)
@given(candidates, st.randoms(use_true_random=False))
def test_every_file_is_in_one_group_whatever_the_order(files: list[Candidate], random: object) -> None:
    made = group(files)
    assert sorted(each.name for photo in made for each in photo.members()) == sorted(each.name for each in files)
    shuffled = list(files)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert group(shuffled) == made


@settings(max_examples=200, deadline=None)
@given(candidates)
def test_what_groups_may_look_like(files: list[Candidate]) -> None:
    for photo in group(files):
        if photo.primary is None:
            assert all(is_sidecar_role(role) for role in photo.parts)
            assert len(photo.parts) == 1
        else:
            assert photo.primary.type not in ("XMP", "AAE")
        for role, part in photo.parts.items():
            assert is_sidecar_role(role) == (part.type in ("XMP", "AAE"))


@settings(max_examples=200, deadline=None)
@given(candidates)
def test_without_identifiers_a_family_decides_for_itself(files: list[Candidate]) -> None:
    """So an import need not wait for the whole folder."""
    plain = [Candidate(name=each.name, type=each.type, seconds=each.seconds, settled=each.settled) for each in files]
    families: dict[str, list[Candidate]] = {}
    for each in plain:
        families.setdefault(family_of(each.name), []).append(each)
    apart = [photo for family in families.values() for photo in group(family)]
    together = group(plain)
    assert sorted(map(repr, apart)) == sorted(map(repr, together))


@pytest.mark.parametrize(
    ("name", "stem", "family"),
    [
        ("IMG_1.HEIC", "img_1", "img_1"),
        ("x.jpg.xmp", "x.jpg", "x"),
        ("x.tar.gz", "x.tar.gz", "x.tar.gz"),
        ("photo.0001", "photo.0001", "photo.0001"),
        (".jpg", ".jpg", ".jpg"),
        ("jpg", "jpg", "jpg"),
        ("a\udce9.JPG", "a\udce9", "a\udce9"),
    ],
)
def test_stems(name: str, stem: str, family: str) -> None:
    assert split_name(name)[0] == stem
    assert family_of(name) == family
