"""Names that every system takes, close to those that the files came with."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.originals.names import MAX_NAME_BYTES, choose_path, collision_key, display, folder_of, numbered, safe_name, split_extension

any_name = st.one_of(
    st.text(max_size=80),
    st.text(alphabet=" .aB/\\:?*%_-\x00\n\u200d\u0301\u202eé🙂\udcff\ud800", max_size=300),
    st.binary(max_size=300),
)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("IMG_0042.HEIC", "IMG_0042.HEIC"),
        ("Ferien 2024 (Süd).jpg", "Ferien 2024 (Süd).jpg"),
        ("👩‍👩‍👧 am Meer 🏖️.jpg", "👩‍👩‍👧 am Meer 🏖️.jpg"),
        ("Cafe\u0301.jpg", "Caf\u00e9.jpg"),
        ("Caf\u00e9.jpg", "Caf\u00e9.jpg"),
        ("two\nlines\t.jpg", "two_lines_.jpg"),
        ('a/b\\c:d*e?f"g<h>i|j.jpg', "a_b_c_d_e_f_g_h_i_j.jpg"),
        (b"caf\xe9.jpg", "caf%E9.jpg"),
        ("caf\udce9.jpg", "caf%E9.jpg"),
        ("half\ud83d.jpg", "half%ED%A0%BD.jpg"),
        ("CON.jpg", "_CON.jpg"),
        ("CON\u200d.jpg", "_CON.jpg"),
        ("CON" + " " * 250 + "x.jpg", "_CON.jpg"),
        ("nul", "_nul"),
        ("com1.tar.jpg", "_com1.tar.jpg"),
        ("Console.jpg", "Console.jpg"),
        ("lpt¹.png", "_lpt¹.png"),
        ("trailing.jpg. . ", "trailing.jpg"),
        ("name .jpg", "name.jpg"),
        (".hidden.jpg", "_hidden.jpg"),
        ("...", "unnamed"),
        ("", "unnamed"),
        ("evil\u202egpj.exe", "evil_gpj.exe"),
    ],
)
def test_names_change_as_little_as_they_must(source: str | bytes, name: str) -> None:
    assert safe_name(source) == name


def test_long_names_keep_their_beginning_and_their_extension() -> None:
    name = safe_name("ü" * 150 + ".HEIC")
    assert name.startswith("üüü")
    assert name.endswith("ü.HEIC")
    assert len(name.encode()) in (MAX_NAME_BYTES - 1, MAX_NAME_BYTES)


@given(any_name)
def test_every_name_is_safe_everywhere(source: str | bytes) -> None:
    name = safe_name(source)
    assert 1 <= len(name.encode()) <= MAX_NAME_BYTES
    assert not set(name) & set('<>:"/\\|?*\n\x00')
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))
    assert name == unicodedata.normalize("NFC", name)
    assert name.split(".")[0].strip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    assert PurePosixPath(name).name == name
    assert safe_name(name) == name


@given(any_name, st.integers(1, 10**6))
def test_numbers_leave_room_for_themselves(source: str | bytes, number: int) -> None:
    name = safe_name(source)
    other = numbered(name, number)
    assert len(other.encode()) <= MAX_NAME_BYTES
    assert split_extension(other)[1] == split_extension(name)[1]
    assert (other == name) == (number == 1)


@pytest.mark.parametrize(
    ("taken", "folder"),
    [
        ("2024-07-21T18:03:11+02:00", "originals/2024/07"),
        ("1839-08-19T12:00:00", "originals/1839/08"),
        (None, "originals/undated"),
        ("", "originals/undated"),
        ("2024-13-01T00:00:00", "originals/undated"),
        ("../../etc", "originals/undated"),
        ("２０２４-07-21", "originals/undated"),
    ],
)
def test_folders_by_year_and_month(taken: str | None, folder: str) -> None:
    assert folder_of(taken) == PurePosixPath(folder)


@pytest.mark.parametrize(
    ("one", "other"), [("IMG.JPG", "img.jpg"), ("Caf\u00e9", "CAFE\u0301"), ("Straße", "STRASSE"), ("Σίσυφος", "ΣΊΣΥΦΟΣ")]
)
def test_names_that_differ_in_case_or_form_are_one(one: str, other: str) -> None:
    assert collision_key(one) == collision_key(other)


def chosen(name: str, used: set[str]) -> str:
    return choose_path("2024-07-21T00:00:00", name, lambda path: collision_key(path.name) in used).name


def test_the_second_of_a_name_gets_a_number() -> None:
    used = {collision_key("img_0042.heic")}
    assert chosen("IMG_0042.HEIC", used) == "IMG_0042 (2).HEIC"
    used.add(collision_key("IMG_0042 (2).heic"))
    assert chosen("IMG_0042.HEIC", used) == "IMG_0042 (3).HEIC"


@given(st.integers(0, 3000))
def test_the_next_number_is_found_without_asking_for_each(already: int) -> None:
    used = {collision_key(numbered("image.jpg", number)) for number in range(1, already + 1)}
    questions = 0

    def is_taken(path: PurePosixPath) -> bool:
        nonlocal questions
        questions += 1
        return collision_key(path.name) in used

    assert choose_path(None, "image.jpg", is_taken).name == numbered("image.jpg", already + 1)
    assert questions <= 2 * (already + 1).bit_length()


@given(st.lists(st.sampled_from(["a.jpg", "A.JPG", "a (2).jpg", "á.jpg", "a\u0301.jpg", "x" * 220 + ".jpg"]), max_size=30))
def test_no_two_files_ever_share_a_name(names: list[str]) -> None:
    used: set[str] = set()
    for name in names:
        key = collision_key(chosen(name, used))
        assert key not in used
        used.add(key)


@given(any_name)
def test_messages_can_always_be_printed(source: str | bytes) -> None:
    name = source.decode("utf-8", "surrogateescape") if isinstance(source, bytes) else source
    shown = display(Path(name.replace("\x00", "")))
    assert shown.encode("utf-8")
    assert "\n" not in shown
