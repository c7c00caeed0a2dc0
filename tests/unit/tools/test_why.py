"""`why`: the winner is the one that is shown, the rule is named, and each command that it prints does what it says."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crdt.asset import add_to_album, remove_keyword
from crdt.client import writer
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.parsing import in_key
from crdt.update import Item, encode_update
from peer.commands.main import run as run_calotype
from peer.library import edits
from peer.library.assignments import parse_assignments
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.removing import remove_devices
from peer.library.setting import set_fields
from store.ids import FileHash, RecordId, RecordKind
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, forge, make_pair, open_pair, raws_of
from tests.unit.tools.running import Inspect
from tools.looking.folder import look_into
from tools.views.record import gather_record
from tools.views.why import gather_why

ID = PHOTO.body.hex()
ALBUM = RecordId.make(RecordKind.ALBUM, b"\x90" + bytes(15))
MUCH_LATER = 1_800_000_000_000


def why(library: Library, field: str, record: str = ID, *, now: int = MUCH_LATER, complete: bool = False) -> dict[str, Any]:
    look = look_into(library.folder.root, lambda inspected: gather_why(inspected, record, field, now=now, complete=complete))
    assert look.problems == ()
    document: dict[str, Any] = look.result
    return document


def setting(field: str, value: Any) -> Callable[[Draft], None]:
    return lambda draft: draft.set(field, value)


def trash(library: Library, record: RecordId = PHOTO) -> None:
    library.change([edits.trash(record)])


@pytest.fixture
def photo(pair: Pair) -> Pair:
    """Both devices have a photo with a file."""

    def begin(draft: Draft) -> None:
        draft.set("primary", bytes(b"\x3f" * 32))
        draft.add("name", "IMG_0042.jpg")
        draft.derive("exif", {"caption": "From the file", "keywords": ["file"], "rating": 2})

    change(pair.laptop, begin)
    pair.exchange()
    return pair


@pytest.fixture
def do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Library, str], None]:
    """Runs a command that was printed, as a person does."""

    def run(library: Library, command: str) -> None:
        program, *words = shlex.split(command)
        assert program == "calotype"
        monkeypatch.setattr("sys.argv", ["calotype", "--library", str(library.folder.root), *words])
        with pytest.raises(SystemExit) as ended:
            run_calotype()
        said = capsys.readouterr()
        assert not ended.value.code, said

    return run


def loser(document: dict[str, Any], says: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (each for each in document["losers"] if each["says"] == says)
    return found


def test_the_later_stamp_wins_and_the_command_brings_the_other_back(photo: Pair, do: Callable[[Library, str], None]) -> None:
    change(photo.laptop, setting("caption", "Holiday"))
    photo.exchange()
    change(photo.laptop, setting("caption", "Beach"))
    change(photo.phone, setting("caption", "Sea"))
    photo.exchange()
    document = why(photo.laptop, "caption")
    assert document["answer"].startswith(
        "caption is “Sea” because phone wrote it without having seen laptop's “Beach”, and the later stamp wins"
    )
    assert (document["rule"]["id"], document["value"], document["winner"], document["source"]) == ("later-stamp", "Sea", 3, "written")
    assert [(each["says"], each["fate"], each["seen"], each["replaced"]) for each in document["writes"]] == [
        ("“Holiday”", "replaced", [], []),
        ("“Beach”", "conflict", [1], [1]),
        ("“Sea”", "winner", [1], [1]),
    ]
    relations = {(each["earlier"], each["later"]): each["relation"] for each in document["relations"]}
    assert relations == {(1, 2): "replaced", (1, 3): "replaced", (2, 3): "concurrent"}
    assert loser(document, "“Beach”")["command"] == f"calotype resolve {ID[:10]} caption --device laptop"
    do(photo.laptop, loser(document, "“Beach”")["command"])
    after = why(photo.laptop, "caption")
    assert (after["value"], after["rule"]["id"]) == ("Beach", "replaced")
    assert after["answer"] == "caption is “Beach” because laptop wrote it after seeing its own “Beach” and phone's “Sea”."
    do(photo.laptop, loser(after, "“Holiday”")["command"])
    assert why(photo.laptop, "caption")["value"] == "Holiday"


def test_a_replaced_value(photo: Pair) -> None:
    change(photo.phone, setting("caption", "Sea"))
    photo.exchange()
    change(photo.laptop, setting("caption", "Beach"))
    assert why(photo.laptop, "caption")["answer"] == "caption is “Beach” because laptop wrote it after seeing phone's “Sea”."


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("caption", "it's the “sea”", "x"),
        ("caption", None, "x"),
        ("rating", 4, 0),
        ("favorite", True, False),
        ("hidden", False, True),
        ("taken", {"t": "2024-07-21T18:03:11+02:00"}, None),
        ("location", [59.33, 18.06], None),
        ("location", [-59.33, -0.5, 12], [1, 2]),
        ("edit:crop", [0.1, 0, 0.5, 0.25], None),
        ("edit:rotate", 90, 270),
        ("edit:exposure", -15, None),
        ("edit:monochrome", True, None),
        ("edit:filter", "noir", "sepia"),
        ("edit:flip", None, "h"),
    ],
)
def test_what_was_replaced_is_brought_back(photo: Pair, do: Callable[[Library, str], None], field: str, old: Any, new: Any) -> None:
    change(photo.phone, setting(field, old))
    photo.exchange()
    change(photo.laptop, setting(field, new))
    (lost,) = why(photo.laptop, field)["losers"]
    do(photo.laptop, lost["command"])
    document = why(photo.laptop, field)
    (winner,) = (each for each in document["writes"] if each["fate"] == "winner")
    assert (winner["value"], winner["device_name"]) == (lost["value"], "laptop")


@pytest.mark.parametrize("value", ["two\nlines", "none", "\x1b[31m", "x" * 500])
def test_what_no_command_can_write_has_none(photo: Pair, value: str) -> None:
    change(photo.phone, setting("caption", value))
    photo.exchange()
    change(photo.laptop, setting("caption", "short"))
    (lost,) = why(photo.laptop, "caption")["losers"]
    assert (lost["value"], lost["command"]) == (value, None)


def test_an_edit_in_conflict(photo: Pair, do: Callable[[Library, str], None]) -> None:
    change(photo.laptop, setting("edit:crop", [0, 0, 0.5, 0.5]))
    change(photo.phone, setting("edit:crop", [0.5, 0.5, 0.5, 0.5]))
    photo.exchange()
    document = why(photo.phone, "edit:crop")
    do(photo.phone, loser(document, "[0, 0, 0.5, 0.5]")["command"])
    assert why(photo.phone, "edit:crop")["value"] == [0, 0, 0.5, 0.5]


def test_what_is_shown_is_settled_by_the_command(photo: Pair, do: Callable[[Library, str], None]) -> None:
    change(photo.laptop, setting("rating", 1))
    change(photo.phone, setting("rating", 5))
    photo.exchange()
    (decision,) = why(photo.phone, "rating")["decisions"]
    do(photo.phone, decision["command"])
    after = why(photo.phone, "rating")
    assert (after["value"], after["decisions"]) == (5, [])


def test_equal_values_are_no_conflict(photo: Pair) -> None:
    for library in (photo.laptop, photo.phone):
        change(library, setting("favorite", True))
    photo.exchange()
    document = why(photo.laptop, "favorite")
    assert (document["rule"]["id"], document["losers"]) == ("equal-values", [])
    assert document["answer"] == "favorite is true because phone and laptop wrote the same: equal values are no conflict."


def test_a_position_is_never_a_conflict(photo: Pair) -> None:
    for position, library in (("a0", photo.laptop), ("a1", photo.phone)):
        change(library, lambda draft, position=position: add_to_album(draft, ALBUM, position))  # type: ignore[misc]
    photo.exchange()
    document = why(photo.laptop, "position:90")
    assert (document["field"], document["rule"]["id"], document["value"]) == (f"position:{ALBUM.body.hex()}", "highest-stamp", "a1")
    assert [each["fate"] for each in document["writes"]] == ["outranked", "winner"]
    assert document["field"] == why(photo.laptop, f"position:{in_key(ALBUM)}")["field"]


def test_add_wins_over_a_concurrent_remove_which_a_command_repeats(photo: Pair, do: Callable[[Library, str], None]) -> None:
    change(photo.phone, lambda draft: draft.add("keyword", "beach"))
    photo.exchange()
    change(photo.laptop, lambda draft: draft.discard("keyword", "beach"))
    change(photo.phone, lambda draft: draft.add("keyword", "beach"))
    photo.exchange()
    document = why(photo.laptop, "keyword:beach")
    assert document["answer"] == (
        "keyword “beach” is there because phone added it and laptop removed it without having seen that: add wins over a concurrent remove."
    )
    assert (document["rule"]["id"], document["value"], document["complete"]) == ("add-wins", True, True)
    assert [each["fate"] for each in document["writes"]] == ["replaced", "overruled", "winner"]
    (lost,) = document["losers"]
    do(photo.laptop, lost["command"])
    after = why(photo.laptop, "keyword:beach")
    assert (after["rule"]["id"], after["value"]) == ("removed", False)
    assert after["answer"] == "keyword “beach” isn't there because laptop removed it, having seen all that was added."
    do(photo.laptop, after["losers"][0]["command"])
    again = why(photo.laptop, "keyword:beach")
    assert (again["rule"]["id"], again["value"]) == ("added-again", True)


def test_a_keyword_of_the_file_and_one_that_was_taken_away(photo: Pair) -> None:
    document = why(photo.laptop, "keyword:file")
    assert (document["value"], document["source"]) == (True, "file")
    assert document["answer"] == "keyword “file” is there because the file itself says so, and nobody wrote it."
    change(photo.laptop, lambda draft: remove_keyword(draft, "file"))
    document = why(photo.laptop, "keyword:file")
    assert document["value"] is False
    assert "a person took it away (without:file)" in document["answer"]
    assert why(photo.laptop, "without:file")["value"] is True


def test_what_falls_back_to_the_file(photo: Pair) -> None:
    document = why(photo.laptop, "caption")
    assert document["answer"] == "caption is “From the file” because the file itself says so, and nobody wrote it."
    assert (document["value"], document["source"], document["winner"], document["writes"]) == ("From the file", "file", None, [])
    change(photo.phone, setting("caption", "Sea"))
    photo.exchange()
    change(photo.laptop, setting("caption", None))
    document = why(photo.laptop, "caption")
    assert document["answer"] == "caption is “From the file” because the file itself says so, and laptop wrote none."
    change(photo.laptop, lambda draft: draft.derive("sidecar", {"caption": "Beside it"}))
    assert why(photo.laptop, "caption")["source"] == "sidecar"
    assert why(photo.laptop, "taken")["answer"].startswith("taken is empty because nobody wrote it")


def test_trashed_although_edited(photo: Pair, do: Callable[[Library, str], None]) -> None:
    trash(photo.laptop)
    change(photo.phone, setting("rating", 3))
    photo.exchange()
    document = why(photo.laptop, "trashed")
    assert document["answer"] == (
        "The photo is in the trash because laptop trashed it, contested: phone changed rating, not seen when it was trashed."
    )
    assert document["rule"]["id"] == "contested"
    assert [(each["deed"], each["fate"], each["changed"]) for each in document["writes"]] == [
        ("set", "winner", []),
        ("contest", "contests", ["rating"]),
    ]
    keep, restore = document["decisions"]
    do(photo.laptop, keep["command"])
    settled = why(photo.laptop, "trashed")
    assert (settled["rule"]["id"], "contested" in settled["answer"]) == ("replaced", False)
    photo.exchange()
    trash(photo.phone)
    do(photo.laptop, settled["decisions"][0]["command"])
    assert why(photo.laptop, "trashed")["value"] is None
    assert restore["command"].endswith("--value restored")


def test_a_contested_photo_is_taken_out_by_the_command(photo: Pair, do: Callable[[Library, str], None]) -> None:
    trash(photo.laptop)
    change(photo.phone, setting("rating", 3))
    photo.exchange()
    do(photo.laptop, why(photo.laptop, "trashed")["decisions"][1]["command"])
    document = why(photo.laptop, "trashed")
    assert document["answer"] == "The photo isn't in the trash because laptop restored it after seeing that it was trashed."
    do(photo.laptop, loser(document, "into the trash")["command"])
    assert why(photo.laptop, "trashed")["value"] is not None


def test_trashed_by_one_and_restored_by_another(photo: Pair, do: Callable[[Library, str], None]) -> None:
    trash(photo.laptop)
    photo.exchange()
    photo.laptop.change([edits.trash(PHOTO)])
    photo.phone.change([edits.restore(PHOTO)])
    photo.exchange()
    document = why(photo.laptop, "trashed")
    assert (document["value"], document["rule"]["id"]) == (None, "later-stamp")
    lost = next(each for each in document["losers"] if each["became"].startswith("loses"))
    do(photo.laptop, lost["command"])
    assert why(photo.laptop, "trashed")["value"] is not None


def test_values_of_other_types_and_fields_of_newer_versions(photo: Pair) -> None:
    change(photo.laptop, setting("rating", 4))

    def update(client: int, stamp: Stamp) -> bytes:
        cells: dict[str, Any] = {"v/rating": "four", "v/future": 1, "d/kind": 5, "s/future/x": None}
        return encode_update(client, [Item(f"{stem}/{writer(client)}", stamp, value) for stem, value in sorted(cells.items())], ())

    forge(photo.laptop, [(PHOTO, update)])
    rating = why(photo.laptop, "rating")
    assert (rating["value"], rating["rule"]["id"], rating["writes"][1]["fate"]) == (4, "passed-over", "ignored")
    assert rating["writes"][1]["became"] == "passed over: not of the field's type"
    future = why(photo.laptop, "future")
    assert (future["known"], future["winner"], future["rule"]["id"]) == (False, None, "unknown-field")
    assert why(photo.laptop, "future:x")["rule"]["id"] == "unknown-field"
    assert why(photo.laptop, "kind")["rule"]["id"] == "nothing-readable"


def test_a_void_write_is_named_with_its_reason(photo: Pair) -> None:
    change(photo.laptop, setting("rating", 4))
    forge(photo.laptop, [(PHOTO, lambda client, stamp: encode_update(client, [Item(f"v/rating/{writer(client + 1)}", stamp, 5)], ()))])
    document = why(photo.laptop, "rating")
    assert [each["fate"] for each in document["writes"]] == ["winner", "void"]
    assert document["writes"][1]["became"].startswith("void: ")
    assert not document["complete"]


def test_a_clock_that_was_ahead_is_said(photo: Pair) -> None:
    change(photo.laptop, setting("caption", "Sea"))
    document = why(photo.laptop, "caption", now=1_700_000_000_000)
    assert document["writes"][0]["ahead"] > 0
    assert any(note.startswith("The clock of laptop was ahead") for note in document["notes"])
    assert why(photo.laptop, "caption")["notes"] == []


def test_a_purged_photo(photo: Pair) -> None:
    change(photo.phone, setting("caption", "Sea"))
    photo.laptop.change([], purges=[PHOTO])
    photo.exchange()
    document = why(photo.laptop, "caption")
    assert document["answer"] == "The photo was deleted for good because laptop purged it, so caption is gone with it."
    assert (document["purged"], document["rule"]["id"]) == (True, "purged")
    assert {each["says"]: each["fate"] for each in document["writes"]} == {"“Sea”": "purged", "purged for good": "winner"}
    assert [each["command"] for each in document["losers"]] == [None]


def test_what_was_taken_back_by_undo(photo: Pair, do: Callable[[Library, str], None]) -> None:
    set_fields(photo.laptop, [PHOTO], parse_assignments(["favorite=yes"]))
    do(photo.laptop, "calotype undo")
    document = why(photo.laptop, "favorite")
    assert document["complete"]
    assert document["value"] is None or document["value"] is False


def test_albums_and_their_members(photo: Pair, do: Callable[[Library, str], None]) -> None:
    photo.laptop.change([edits.set_title(ALBUM, "Sweden")])
    change(photo.laptop, lambda draft: add_to_album(draft, ALBUM, "a0"))
    photo.exchange()
    photo.phone.change([edits.set_title(ALBUM, "Sweden 2024")])
    photo.laptop.change([edits.take_from_album(PHOTO, ALBUM)])
    photo.exchange()
    album = ALBUM.body.hex()
    member = why(photo.laptop, "album:90")
    assert (member["field"], member["rule"]["id"]) == (f"album:{album}", "removed")
    do(photo.laptop, member["losers"][0]["command"])
    assert why(photo.laptop, "album:90")["value"] is True
    title = why(photo.laptop, "title", album)
    assert title["answer"] == "title is “Sweden 2024” because phone wrote it after seeing laptop's “Sweden”."
    do(photo.laptop, title["losers"][0]["command"])
    assert why(photo.laptop, "title", album)["value"] == "Sweden"


def test_an_album_that_got_a_photo_while_it_was_deleted(photo: Pair) -> None:
    photo.laptop.change([edits.set_title(ALBUM, "Sweden")])
    photo.exchange()
    trash(photo.laptop, ALBUM)
    change(photo.phone, lambda draft: add_to_album(draft, ALBUM, "a0"))
    photo.exchange()
    document = why(photo.laptop, "trashed", ALBUM.body.hex())
    assert document["answer"] == (
        "The album is in the trash because laptop trashed it, contested: phone changed photos, not seen when it was trashed."
    )


def test_rating_of_a_part(photo: Pair) -> None:
    part = RecordId.asset(FileHash(b"\x55" * 32))
    change(photo.laptop, setting("primary", b"\x55" * 32), part)
    change(photo.laptop, setting("rating", 5), part)
    change(photo.laptop, setting("role:raw", b"\x55" * 32))
    change(photo.laptop, setting("rating", 0))
    document = why(photo.laptop, "rating")
    assert (document["value"], document["source"]) == (5, "part")
    assert document["answer"] == "rating is 5 because a part of the photo says so, and laptop wrote 0."
    assert why(photo.laptop, "rating", part.body.hex())["folded_into"] == ID


def test_fields_that_are_none(inspect: Inspect, root: Path, photo: Pair) -> None:
    where = ("--library", root / "laptop", "--json")
    assert inspect("why", ID, "nonsense", *where).failure() == (2, "This record has no field 'nonsense'.")
    assert inspect("why", ID, "name", *where).failure() == (2, "name is a set: each of its elements has a history of its own.")
    code, sentence = inspect("why", ID, "album:zz", *where).failure()
    assert (code, "can't be an element of album" in sentence) == (2, True)
    fill_relay(root / "relay", photo.laptop.id, raws_of(photo.laptop))
    code, sentence = inspect("why", ID, "caption", "--library", root / "relay", "--json").failure()
    assert (code, "sealed" in sentence) == (2, True)


def test_without_the_key(inspect: Inspect, root: Path, photo: Pair) -> None:
    change(photo.laptop, setting("caption", "Sea"))
    shutil.copytree(root / "laptop", root / "keyless")
    for key in (root / "keyless").rglob("device.key"):
        key.unlink()
    said = inspect("why", ID, "caption", "--library", root / "keyless", "--json").document()
    assert (said["value"], said["rule"]["id"]) == ("Sea", "only-write")
    assert said["sealed"]


def test_the_text(inspect: Inspect, root: Path, photo: Pair) -> None:
    change(photo.laptop, setting("caption", "Beach \x1b[31m"))
    change(photo.phone, setting("caption", "Sea"))
    photo.exchange()
    said = inspect("why", ID, "caption", "--library", root / "phone")
    answer, subject, *rest = said.out.splitlines()
    assert answer.startswith("caption is “Sea” because phone")
    assert subject == f"asset {ID}, IMG_0042.jpg: caption"
    assert [line.split("#")[1][0] for line in rest if "◆" in line and "#" in line] == ["2"]
    assert f"calotype resolve {ID[:10]} caption --device laptop" in said.out
    assert "\x1b" not in said.out


def test_many_writes(photo: Pair) -> None:
    for number in range(50):
        change(photo.laptop if number % 3 else photo.phone, setting("rating", number % 6))
    photo.exchange()
    document = why(photo.laptop, "rating")
    assert len(document["writes"]) == 50
    assert document["left_out"] == 0


FIELDS: tuple[tuple[str, Callable[[int], Callable[[Draft], None]]], ...] = (
    ("caption", lambda n: setting("caption", [None, "a", "b"][n % 3])),
    ("rating", lambda n: setting("rating", n % 6)),
    ("favorite", lambda n: setting("favorite", bool(n % 2))),
    ("edit:exposure", lambda n: setting("edit:exposure", n)),
    ("keyword:a", lambda n: (lambda draft: draft.add("keyword", "a")) if n % 2 else (lambda draft: draft.discard("keyword", "a"))),
)
ACTS = st.lists(
    st.tuples(st.sampled_from(["laptop", "phone", "exchange", "trash", "restore"]), st.integers(0, len(FIELDS) - 1), st.integers(0, 9)),
    max_size=14,
)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("start")
    pair = make_pair(root)
    change(pair.laptop, setting("primary", b"\x3f" * 32))
    change(pair.laptop, lambda draft: draft.derive("exif", {"caption": "c", "rating": 1, "keywords": ["a"]}))
    pair.exchange()
    pair.close()
    return root


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_the_winner_is_what_show_and_the_listing_say(start: Path, tmp_path: Path, acts: list[tuple[str, int, int]]) -> None:
    root = tmp_path / "run"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(start, root)
    pair = open_pair(root)
    try:
        for act, field, number in acts:
            _act(pair, act, field, number)
        pair.exchange()
        for library in (pair.laptop, pair.phone):
            _assert_alike(library)
        answers = [{name: why(library, name) for name, _ in (*FIELDS, ("trashed", setting))} for library in (pair.laptop, pair.phone)]
        for name in answers[0]:
            one, other = (_comparable(answer[name]) for answer in answers)
            assert one == other
    finally:
        pair.close()


def _act(pair: Pair, act: str, field: int, number: int) -> None:
    if act == "exchange":
        pair.exchange()
        return
    library = pair.phone if act == "phone" or number % 2 else pair.laptop
    edit: Edit | None = {"trash": edits.trash(PHOTO), "restore": edits.restore(PHOTO)}.get(act)
    if edit is not None:
        library.change([edit])
        return
    library.change([Edit(PHOTO, lambda draft, _: FIELDS[field][1](number)(draft))])


def _assert_alike(library: Library) -> None:
    shown = look_into(library.folder.root, lambda inspected: gather_record(inspected, ID, raw=False)).result
    row = Queries(library.database).asset(PHOTO)
    assert row is not None
    for name in ("caption", "rating", "favorite", "edit:exposure", "trashed"):
        document = why(library, name)
        winner = next((each for each in document["writes"] if each["fate"] == "winner"), None)
        field = next((each for each in shown["fields"] if each["field"] == name), None)
        assert (winner and winner["writer"]) == (field and field["winner"] and field["winner"]["writer"])
        others = {} if field is None else {each["writer"]: each["relation"] for each in field["others"]}
        fates = {each["writer"]: each["fate"] for each in document["writes"] if each["writer"] in others}
        assert {writer: "conflict" if fate == "conflict" else "outranked" for writer, fate in fates.items()} == others
        if name in ("caption", "rating"):
            assert document["value"] == getattr(row, name)
    assert (why(library, "trashed")["value"] is not None) == (row.trashed is not None)
    assert (why(library, "trashed")["rule"]["id"] == "contested") == row.contested
    assert why(library, "keyword:a")["value"] == ("a" in row.keywords)


def _comparable(document: dict[str, Any]) -> list[object]:
    """All but what each device knows alone: when entries came."""
    return [document["answer"], document["rule"], [each | {"received": None} for each in document["writes"]], document["losers"]]


def test_what_was_given_up_for_a_checkpoint_is_said(photo: Pair) -> None:
    change(photo.laptop, setting("caption", "Beach"))
    photo.exchange()
    change(photo.phone, setting("rating", 5))
    photo.exchange()
    photo.laptop.log.prune(photo.laptop.log.heads())
    change(photo.laptop, setting("rating", 3))
    caption = why(photo.laptop, "caption")
    assert (caption["value"], caption["writes"][0]["bytes_given_up"], caption["writes"][0]["device_name"]) == ("Beach", True, "laptop")
    assert caption["answer"] == "caption is “Beach” because laptop wrote it, and nothing else stands there."
    assert len(caption["stubs"]) == 3
    assert any(note.startswith("The bytes of 3 entries that wrote this record were given up") for note in caption["notes"])
    rating = why(photo.laptop, "rating")
    assert [(each["says"], each["replaced"]) for each in rating["writes"]] == [("3", [])]


def test_what_a_removed_device_wrote_beyond_its_end_does_not_count(photo: Pair) -> None:
    change(photo.phone, setting("caption", "Sea"))
    remove_devices(photo.laptop, [photo.phone.device])
    photo.laptop.receive(raws_of(photo.phone))
    document = why(photo.laptop, "caption")
    (write,) = document["writes"]
    assert (write["fate"], write["became"]) == ("beyond", "doesn't count: a removed device wrote it beyond the end that counts")
    assert (document["value"], document["rule"]["id"]) == ("From the file", "never-written")
