"""Deleting for good: when it is time, what holds it back, what becomes of bytes here and of blobs at relays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crdt.asset import view_asset
from crdt.record import EMPTY
from crdt.values import Plain
from peer.keys import change_body
from peer.library import purging
from peer.library.albums import add_to_album, create_album, delete_album
from peer.library.authoring import Edit
from peer.library.edits import trash
from peer.library.library import Library
from peer.library.needs import blobs_named_by, needing
from peer.library.purging import purge_due, purge_now
from peer.library.queries import Filter, Queries
from peer.library.retention import DAY_MS, stay_of
from peer.library.taking_away import anything_leaves, recovered_files, take_away
from peer.library.trashing import restore_assets, trash_assets
from store.bodies import Claim, Release, parse_control
from store.entries import EntryKind
from store.ids import LIBRARY_RECORD, RecordId
from tests.fleet.libraries import add_original, add_photo, content_of, edit, file_of, give, report
from tests.unit.peer.library.pair import Pair, make_pair

RETENTION = 30 * DAY_MS


@pytest.fixture(params=[False, True], ids=["anna receives first", "bert receives first"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    made = make_pair(tmp_path, bert_first=request.param)
    yield made
    made.prove()
    made.close()


def everybody_has_seen(pair: Pair) -> None:
    pair.meet()
    report(pair.anna, pair.bert)


def trashed(pair: Pair, label: str = "sea") -> RecordId:
    photo, _ = add_original(pair.anna, label)
    pair.meet()
    trash_assets(pair.anna, [photo])
    everybody_has_seen(pair)
    return photo


def control(library: Library, kind: EntryKind) -> list[object]:
    found = library.log.control(0, limit_bytes=2**30)
    return [parse_control(arrived.entry) for arrived in found if arrived.entry.kind is kind]


def in_trash(library: Library) -> list[RecordId]:
    return [row.record for row in Queries(library.database).assets(Filter(trash=True))]


# When


def test_stays_for_thirty_days_and_not_longer(pair: Pair) -> None:
    photo = trashed(pair)
    pair.clock.pass_by(RETENTION - 1)
    report(pair.anna, pair.bert)
    assert purge_due(pair.anna).purged == ()
    assert in_trash(pair.anna) == [photo]
    pair.clock.pass_by(1)
    assert purge_due(pair.anna).purged == (photo,)
    pair.meet()
    for library in pair.both:
        assert in_trash(library) == []
        assert library.records.is_purged(photo)


def test_the_library_says_how_long(pair: Pair) -> None:
    pair.anna.change([Edit(LIBRARY_RECORD, lambda draft, stamp: draft.set("retention", 2))])
    photo = trashed(pair)
    pair.clock.pass_by(2 * DAY_MS)
    assert purge_due(pair.anna).purged == (photo,)


def test_trashed_again_begins_anew(pair: Pair) -> None:
    photo = trashed(pair)
    pair.clock.pass_by(20 * DAY_MS)
    restore_assets(pair.anna, [photo])
    trash_assets(pair.anna, [photo])
    everybody_has_seen(pair)
    pair.clock.pass_by(20 * DAY_MS)
    report(pair.anna, pair.bert)
    assert purge_due(pair.anna).purged == ()


def test_trashed_again_by_who_knew_of_an_edit_begins_anew_too(pair: Pair) -> None:
    photo = trashed(pair)
    edit(pair.anna, photo, caption="not this one")
    pair.clock.pass_by(20 * DAY_MS)
    trash_assets(pair.anna, [photo])
    everybody_has_seen(pair)
    pair.clock.pass_by(20 * DAY_MS)
    report(pair.anna, pair.bert)
    assert purge_due(pair.anna).purged == ()
    pair.clock.pass_by(10 * DAY_MS)
    assert purge_due(pair.anna).purged == (photo,)


def test_neither_of_two_clocks_can_shorten_it(pair: Pair) -> None:
    photo = trashed(pair)
    pair.anna.hlc.discipline(RETENTION * 10)  # a relay's clock that is years ahead
    assert purge_due(pair.anna).purged == ()
    pair.anna.hlc.discipline(0)
    pair.clock.pass_by(RETENTION)  # this device's own clock jumps, and a relay knows better
    pair.anna.hlc.discipline(-RETENTION)
    assert purge_due(pair.anna).purged == ()
    pair.anna.hlc.discipline(0)
    assert purge_due(pair.anna).purged == (photo,)


def test_a_clock_that_began_in_another_year_shortens_nothing_when_it_is_put_right(pair: Pair) -> None:
    """A machine without a battery for its clock, that learned of the trashing before it learned the time."""
    photo, _ = add_original(pair.anna, "sea")
    pair.meet()
    trash_assets(pair.anna, [photo])
    now = pair.clock.now()
    pair.clock.time = 0
    pair.meet()
    pair.clock.time = now
    everybody_has_seen(pair)
    assert purge_due(pair.bert).purged == ()
    pair.clock.pass_by(RETENTION)
    report(pair.anna, pair.bert)
    assert purge_due(pair.bert).purged == (photo,)


def test_waits_for_a_device_that_has_not_said_that_it_knows(pair: Pair) -> None:
    photo = add_photo(pair.anna, "sea")
    everybody_has_seen(pair)
    trash_assets(pair.anna, [photo])
    pair.clock.pass_by(RETENTION)
    done = purge_due(pair.anna)
    assert done.purged == ()
    assert done.kept[0].unseen_by == {pair.bert.device}
    everybody_has_seen(pair)
    assert purge_due(pair.anna).purged == (photo,)


def test_does_not_wait_for_a_device_that_was_silent_for_ninety_days(pair: Pair) -> None:
    photo = add_photo(pair.anna, "sea")
    everybody_has_seen(pair)
    trash_assets(pair.anna, [photo])
    pair.clock.pass_by(90 * DAY_MS)
    assert purge_due(pair.anna).purged == ()
    pair.clock.pass_by(1)
    assert purge_due(pair.anna).purged == (photo,)


def test_what_was_edited_meanwhile_stays_until_somebody_decides(pair: Pair) -> None:
    photo = add_photo(pair.anna, "sea")
    pair.meet()
    trash_assets(pair.anna, [photo])
    edit(pair.bert, photo, caption="not this one")
    everybody_has_seen(pair)
    pair.clock.pass_by(RETENTION)
    report(pair.anna, pair.bert)
    assert purge_due(pair.anna).kept[0].contested
    assert purge_now(pair.anna, [photo]).purged == ()
    trash_assets(pair.anna, [photo])
    assert purge_now(pair.anna, [photo]).purged == (photo,)


def test_what_is_in_no_trash_is_not_purged(library: Library) -> None:
    photo = add_photo(library, "sea")
    assert stay_of(library, photo) is None
    assert purge_now(library, [photo]).purged == ()
    assert not library.records.is_purged(photo)


def test_all_parts_go_together_and_only_when_each_is_due(library: Library) -> None:
    raw, photo = add_photo(library, "raw"), add_photo(library, "jpeg")
    trash_assets(library, [raw])
    library.change([Edit(photo, lambda draft, stamp: draft.set("role:raw", bytes(file_of("raw"))))])
    trash_assets(library, [photo])
    assert purge_now(library, [photo]).purged == (photo,)
    assert library.records.is_purged(raw)


def test_a_part_that_nobody_trashed_keeps_the_photo(library: Library) -> None:
    raw, photo = add_photo(library, "raw"), add_photo(library, "jpeg")
    trash_assets(library, [photo])
    library.change([Edit(photo, lambda draft, stamp: draft.set("role:raw", bytes(file_of("raw"))))])
    library.change([trash(photo)])  # as a program would that knows nothing of parts
    assert [stay.contested for stay in purge_now(library, [photo]).kept] == [True]
    assert not library.records.is_purged(raw)


def test_an_album_goes_like_a_photo_and_takes_none_with_it(pair: Pair) -> None:
    photo = add_photo(pair.anna, "sea")
    album = create_album(pair.anna, "Sweden")
    add_to_album(pair.anna, album, [photo])
    pair.meet()
    delete_album(pair.anna, album)
    everybody_has_seen(pair)
    pair.clock.pass_by(RETENTION)
    assert purge_due(pair.anna).purged == (album,)
    assert Queries(pair.anna.database).asset(photo) is not None


def test_many_go_in_one_call(library: Library) -> None:
    photos = [add_photo(library, f"photo {number}") for number in range(1100)]
    trash_assets(library, photos)
    assert len(purge_now(library, photos).purged) == 1100


# Bytes here


def test_the_original_and_its_pictures_leave_the_disk(pair: Pair) -> None:
    photo, path = add_original(pair.anna, "sea")
    trash_assets(pair.anna, [photo])
    assert purge_now(pair.anna, [photo]).purged == (photo,)
    taken = take_away(pair.anna)
    assert (taken.deleted, taken.recovered) == (1, 0)
    assert not path.exists()
    assert pair.anna.held.get(file_of("sea")) is None
    assert recovered_files(pair.anna) == []


def test_what_was_edited_without_knowing_goes_to_the_recovery_folder(pair: Pair) -> None:
    photo, _ = add_original(pair.anna, "sea")
    pair.meet()
    _, path = add_original(pair.bert, "sea")  # it has the file too
    trash_assets(pair.anna, [photo])
    purge_now(pair.anna, [photo])
    edit(pair.bert, photo, caption="my best one")
    pair.meet()
    taken = take_away(pair.bert)
    assert taken.recovered == 1
    assert not path.exists()
    (recovered,) = recovered_files(pair.bert)
    assert recovered.read_bytes() == content_of("sea")
    assert take_away(pair.anna).recovered == 0


def test_what_another_photo_needs_stays(library: Library) -> None:
    photo, path = add_original(library, "sea")
    other = add_photo(library, "other")
    library.change([Edit(other, lambda draft, stamp: draft.add("version", file_of("sea").base64()))])
    trash_assets(library, [photo])
    library.change([], purges=[photo])  # without the other, into which it is folded
    take_away(library)
    assert path.exists()
    assert library.held.get(file_of("sea")) is not None
    assert not anything_leaves(library)


@pytest.mark.parametrize("interrupted", ["unlink", "replace", "commit"])
def test_what_was_interrupted_is_ended(library: Library, monkeypatch: pytest.MonkeyPatch, interrupted: str) -> None:
    photo, path = add_original(library, "sea")
    trash_assets(library, [photo])
    purge_now(library, [photo])

    class PowerCutError(Exception):
        pass

    def cut(*_: object, **__: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patched:
        match interrupted:
            case "unlink":
                patched.setattr(Path, "unlink", cut)
            case "replace":
                patched.setattr(Path, "replace", cut)
            case _:
                patched.setattr(library.downloads, "done", cut)  # after the rename, before the commit
        with pytest.raises(PowerCutError):
            take_away(library)
    assert take_away(library).deleted == 1
    assert not path.exists()
    assert not anything_leaves(library)
    assert not any(library.folder.leaving.iterdir())


def test_needed_again_while_it_was_on_its_way_it_comes_back(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, path = add_original(library, "sea")
    trash_assets(library, [photo])
    purge_now(library, [photo])
    other = add_photo(library, "other")

    def cut(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(library.downloads, "done", cut)
        with pytest.raises(RuntimeError):
            take_away(library)
    assert not path.exists()
    library.change([Edit(other, lambda draft, stamp: draft.add("version", file_of("sea").base64()))])
    take_away(library)
    assert path.read_bytes() == content_of("sea")


# Blobs at relays


def way(blobs: list[bytes], size: int = 10) -> Plain:
    return {"size": size, "blobs": blobs}


def name_blobs(library: Library, photo: RecordId, label: str, *blobs: bytes, way_name: str = "blobs") -> None:
    library.change(
        [Edit(photo, lambda draft, stamp: draft.add("source", file_of(label).base64(), {"size": 10, way_name: list(blobs)}, beside=True))]
    )


def test_whoever_purges_releases_what_nothing_needs(pair: Pair) -> None:
    photo = trashed(pair)
    content = pair.anna.records.content(photo) or EMPTY
    blobs = blobs_named_by(content)
    assert blobs
    purge_now(pair.anna, [photo])
    (body,) = control(pair.anna, EntryKind.RELEASE)
    assert isinstance(body, Release)
    assert set(body.blobs) == blobs
    assert all(needing(pair.anna.database, blob) == [] for blob in blobs)


def test_what_another_photo_needs_is_not_released(library: Library) -> None:
    photo, other = add_photo(library, "sea"), add_photo(library, "other")
    name_blobs(library, photo, "sea", b"1" * 32, b"2" * 32)
    name_blobs(library, other, "other", b"2" * 32)
    trash_assets(library, [photo])
    purge_now(library, [photo])
    (body,) = control(library, EntryKind.RELEASE)
    assert isinstance(body, Release)
    assert b"1" * 32 in body.blobs
    assert b"2" * 32 not in body.blobs


def test_values_that_lost_are_needed_too(pair: Pair) -> None:
    photo = add_photo(pair.anna, "sea")
    pair.meet()
    thumbnail: dict[str, Plain] = {"file": b"f" * 32, "size": 3, "width": 1, "height": 1, "type": "image/webp"}
    for library, blob in ((pair.anna, b"a" * 32), (pair.bert, b"b" * 32)):
        library.change([Edit(photo, lambda draft, stamp, blob=blob: draft.derive("thumbnail", {**thumbnail, "blobs": [blob]}))])  # type: ignore[misc]
    pair.meet()
    named = blobs_named_by(pair.anna.records.content(photo) or EMPTY)
    assert {b"a" * 32, b"b" * 32} <= {bytes(blob) for blob in named}


def test_whoever_needs_a_released_blob_claims_it_before_its_next_report(pair: Pair) -> None:
    photo = trashed(pair)
    blobs = sorted(blobs_named_by(pair.anna.records.content(photo) or EMPTY))
    other = add_photo(pair.bert, "other")
    name_blobs(pair.bert, other, "other", blobs[0])  # it uses the same bytes, and nobody else knows yet
    purge_now(pair.anna, [photo])
    pair.meet()
    for library in pair.both:
        (body,) = control(library, EntryKind.CLAIM)
        assert isinstance(body, Claim)
        assert body.blobs == (blobs[0],)
    seen = pair.bert.report_seen()
    assert seen is not None
    claim = next(each.entry for each in pair.bert.log.control(0, limit_bytes=2**30) if each.entry.kind is EntryKind.CLAIM)
    assert any(tip.name == claim.name or tip.seq >= claim.seq for log, tip in seen.heads.tips() if log == claim.log)
    pair.meet()
    assert len(control(pair.bert, EntryKind.CLAIM)) == 1


def test_a_need_that_comes_after_the_release_is_claimed_too(pair: Pair) -> None:
    """Whoever wrote it may never come back to claim it."""
    photo = trashed(pair)
    blob = min(blobs_named_by(pair.anna.records.content(photo) or EMPTY))
    other = add_photo(pair.bert, "other")
    pair.meet()
    purge_now(pair.anna, [photo])
    give(pair.anna, pair.bert)
    assert control(pair.bert, EntryKind.CLAIM) == []
    name_blobs(pair.anna, other, "other", blob)
    give(pair.anna, pair.bert)
    (body,) = control(pair.bert, EntryKind.CLAIM)
    assert isinstance(body, Claim)
    assert body.blobs == (blob,)


def test_who_comes_to_need_what_it_knows_to_be_released_claims_it_at_once(pair: Pair) -> None:
    photo = trashed(pair)
    blob = min(blobs_named_by(pair.anna.records.content(photo) or EMPTY))
    purge_now(pair.anna, [photo])
    pair.meet()
    other = add_photo(pair.bert, "other")
    name_blobs(pair.bert, other, "other", blob)
    (body,) = control(pair.bert, EntryKind.CLAIM)
    assert isinstance(body, Claim)
    assert body.blobs == (blob,)


def test_who_needs_an_index_claims_all_that_was_released_with_it(pair: Pair) -> None:
    photo = add_photo(pair.anna, "film")
    other = add_photo(pair.bert, "other")
    index, segment = b"i" * 32, b"s" * 32
    name_blobs(pair.anna, photo, "film", index, way_name="index")
    name_blobs(pair.anna, photo, "film", segment)
    name_blobs(pair.bert, other, "film", index, way_name="index")
    trash_assets(pair.anna, [photo])
    purge_now(pair.anna, [photo])
    pair.meet()
    (body,) = control(pair.bert, EntryKind.CLAIM)
    assert isinstance(body, Claim)
    assert {bytes(blob) for blob in body.blobs} >= {index, segment}


# Coming back


def test_deleted_stays_deleted_and_comes_back_as_the_next_generation(pair: Pair) -> None:
    photo = trashed(pair)
    purge_now(pair.anna, [photo])
    edit(pair.bert, photo, caption="too late")
    pair.meet()
    for library in pair.both:
        assert library.records.content(photo) is None
        assert view_asset(EMPTY).primary is None
        assert Queries(library.database).asset(photo) is None


def test_a_photo_with_more_files_than_one_entry_purges_goes_too(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (change_body, purging):
        monkeypatch.setattr(module, "MAX_PURGES", 4)
    photo = add_photo(library, "sea")
    files = [file_of(f"version {number}") for number in range(9)]
    for file in files:
        library.change([Edit(photo, lambda draft, stamp, file=file: draft.add("version", file.base64()))])  # type: ignore[misc]
    trash_assets(library, [photo])
    assert purge_now(library, [photo]).purged == (photo,)
    assert all(library.records.is_purged(RecordId.asset(file)) for file in files)
