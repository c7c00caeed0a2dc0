"""One stem for all files of a photo."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peer.exporting.names import names_of


def test_all_files_share_the_stem_that_the_photo_came_with() -> None:
    names = names_of(
        ["IMG_1.HEIC", "other.jpg"],
        {"primary": "IMG_1 (2).HEIC", "motion": "x.MOV", "raw": "IMG_1.DNG", "sidecar": "IMG_1.HEIC.xmp", "adjustments": "IMG_1.AAE"},
        "id",
    )
    found = {role: names.of(role, 1) for role in names.endings}
    assert found == {
        "primary": "IMG_1.HEIC",
        "motion": "IMG_1.MOV",
        "raw": "IMG_1.DNG",
        "sidecar": "IMG_1.HEIC.xmp",
        "adjustments": "IMG_1.AAE",
    }
    assert names.of("raw", 3) == "IMG_1 (3).DNG"
    assert names.ending_in("_edited.jpg", 2) == "IMG_1 (2)_edited.jpg"


def test_the_name_that_fits_the_type_is_taken() -> None:
    assert names_of(["a.jpg", "b.CR2"], {"primary": "x.cr2"}, "id").of("primary", 1) == "b.CR2"
    assert names_of([], {"primary": ""}, "1f2e").of("primary", 1) == "1f2e"


def test_two_parts_with_one_extension_are_told_apart() -> None:
    names = names_of(["a.mov"], {"primary": "a.mov", "motion": "b.mov"}, "id")
    assert {names.of("primary", 1), names.of("motion", 1)} == {"a.mov", "a.motion.mov"}


NAMES = st.text(max_size=30)
ROLES = st.dictionaries(st.sampled_from(["raw", "motion", "sidecar", "sidecar_raw", "adjustments"]), NAMES)


@given(names=st.lists(NAMES, max_size=3), primary=NAMES, parts=ROLES, number=st.integers(1, 5))
def test_names_are_safe_and_differ(names: list[str], primary: str, parts: dict[str, str], number: int) -> None:
    found = names_of(names, {"primary": primary, **parts}, "1f2e")
    made = [found.of(role, number) for role in found.endings]
    assert len({name.lower() for name in made}) == len(parts) + 1
    assert not any("/" in name or name.startswith(".") or len(name.encode()) > 255 for name in made)
