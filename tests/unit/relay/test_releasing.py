"""When a relay deletes what was released, and when it doesn't: the races that the rules are for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trio
import trio.testing

from relay.messages import BlobState
from relay.parts import NodeParts
from relay.releasing import STEP_SECONDS, STEPS_BETWEEN_PASSES, empty_trash
from store.bodies import Checkpoint
from store.entries import EntryKind
from store.ids import BlobId, StoreId
from store.releases import HOUR_MS, Obstacle
from tests.conformance.log_store_stubs import write_words
from tests.fleet.authors import FleetLibrary, dep_of, make_library
from tests.fleet.libraries import IN_MEMORY
from tests.unit.relay.nodes import FakeClock, make_parts
from tests.unit.relay.releasing import Stage, claim, parts_in, release

PHOTO = b"a sealed photo"
LONG_ENOUGH = 30
"""Hours after which a release that nothing stands against is carried out."""

YEAR_MS = 365 * 24 * HOUR_MS


@pytest.fixture(params=["memory", "SQLite and files"])
def parts(request: pytest.FixtureRequest) -> Iterator[NodeParts]:
    if request.param == "memory":
        yield make_parts(FakeClock(), uses=2)
        return
    with TemporaryDirectory(dir=IN_MEMORY) as folder, parts_in(Path(folder) / "relay") as made:
        yield made


class Story(Stage):
    """Anna and Bert; a photo that Anna has put and releases."""

    def __init__(self, parts: NodeParts, library: FleetLibrary) -> None:
        super().__init__(parts, library)
        self.anna, self.bert = library.join("anna"), library.join("bert")
        self.photo = BlobId.of(PHOTO)

    async def released(self) -> None:
        """And both have seen it."""
        await self.put(self.anna, PHOTO)
        self.entry = release(self.anna, self.photo)
        await self.push()
        await self.report(self.anna, self.bert)

    async def state(self, *, claim: bool = False) -> BlobState:
        [state] = await self.session(self.bert).stat([self.photo], claim=claim)
        return state

    async def proofs(self) -> list[bool]:
        answer = await self.session(self.bert).hold([self.photo], bytes(32))
        return [bool(proof) for proof in answer.proofs]


@pytest.fixture
async def story(parts: NodeParts) -> Story:
    story = Story(parts, make_library("releasing"))
    await story.begin()
    return story


async def test_what_nobody_needs_is_gone_in_the_end(story: Story) -> None:
    await story.released()
    assert await story.state() is BlobState.RELEASED
    story.hours(24)
    assert story.is_held(story.photo)
    assert (await story.session(story.bert).get_blob(story.photo)) == PHOTO
    story.hours(LONG_ENOUGH - 24)
    assert story.is_trashed(story.photo)
    assert await story.state() is BlobState.RELEASED
    assert not await story.session(story.bert).has_blob(story.photo)
    async with story.session(story.bert).many([story.photo]) as blobs:
        assert [blob async for blob in blobs] == []
    account = story.parts.libraries.account(story.library.id)
    assert account is not None
    assert (account.blobs, account.blob_bytes) == (0, 0)
    story.days(29)
    assert story.has_file(story.photo)
    story.days(2)
    assert not story.has_file(story.photo)
    assert await story.state() is BlobState.ABSENT


async def test_two_passes_agree(story: Story) -> None:
    await story.released()
    story.make_pass()
    story.book.count(100 * HOUR_MS)
    for _ in range(5):  # the first agrees, and time has to pass until the second can
        story.make_pass()
        assert story.is_held(story.photo)
    story.book.count(HOUR_MS)
    story.make_pass()
    assert story.is_trashed(story.photo)


@pytest.mark.parametrize("jump", [YEAR_MS, -YEAR_MS])
async def test_no_clock_shortens_the_wait(story: Story, jump: int) -> None:
    await story.released()
    story.hours(23)
    story.clock.time += jump
    story.make_pass()
    story.make_pass()
    assert story.is_held(story.photo)


async def test_a_clock_that_jumps_ahead_makes_nobody_inactive(story: Story) -> None:
    await story.put(story.anna, PHOTO)
    await story.report(story.bert)
    release(story.anna, story.photo)
    await story.push()
    story.clock.time += YEAR_MS
    await story.report(story.anna)
    story.days(89)
    assert story.is_held(story.photo)


@pytest.mark.parametrize(("days", "is_held"), [(88, True), (93, False)])
async def test_a_device_that_is_away(story: Story, days: int, is_held: bool) -> None:
    await story.put(story.anna, PHOTO)
    await story.report(story.bert)
    release(story.anna, story.photo)
    await story.push()
    for _ in range(days):
        story.days(1)
        await story.report(story.anna)
    assert story.is_held(story.photo) is is_held


async def test_a_member_that_never_reported_is_waited_for(story: Story) -> None:
    await story.released()
    story.library.join("carl")
    await story.push()
    await story.report(story.anna, story.bert)
    story.days(5)
    assert story.is_held(story.photo)
    story.days(88)
    await story.report(story.anna, story.bert)
    story.days(4)
    assert story.is_trashed(story.photo)


async def test_the_author_s_own_report_has_to_cover_it(story: Story) -> None:
    await story.put(story.anna, PHOTO)
    await story.report(story.anna, story.bert)
    release(story.anna, story.photo)
    await story.push()
    await story.report(story.bert)
    story.days(3)
    assert story.is_held(story.photo)
    await story.report(story.anna)
    story.days(3)
    assert story.is_trashed(story.photo)


async def test_a_removed_author_s_release_ends(story: Story) -> None:
    await story.released()
    story.hours(20)
    story.library.remove(story.anna, by=story.bert)
    await story.push(by=story.bert)
    await story.report(story.bert)
    story.days(200)
    assert story.is_held(story.photo)


async def test_a_claim_cancels_and_a_later_release_that_knows_it_counts(story: Story) -> None:
    await story.released()
    claimed = claim(story.bert, [story.photo], story.entry)
    await story.push()
    await story.report(story.anna, story.bert)
    assert await story.state() is BlobState.HELD
    story.days(3)
    assert story.is_held(story.photo)
    release(story.anna, story.photo)  # without knowing of the claim
    await story.push()
    await story.report(story.anna, story.bert)
    story.days(3)
    assert story.is_held(story.photo)
    story.bert.sees(story.anna.change())
    middle = story.bert.change()
    story.anna.sees(middle)
    assert claimed.log == middle.log
    release(story.anna, story.photo)
    await story.push()
    await story.report(story.anna, story.bert)
    story.days(3)
    assert story.is_trashed(story.photo)


async def test_a_claim_a_moment_before_its_report(story: Story) -> None:
    """Bert's claim arrives with his report, right when the second pass would delete."""
    await story.put(story.anna, PHOTO)
    entry = release(story.anna, story.photo)
    await story.push()
    await story.report(story.anna)
    story.days(10)
    claim(story.bert, [story.photo], entry)
    await story.push()
    await story.report(story.bert)
    story.days(10)
    assert story.is_held(story.photo)


async def test_a_claim_that_comes_before_the_release_that_it_answers(story: Story) -> None:
    """It can't: it isn't attached then, and a report that covers it isn't taken."""
    await story.put(story.anna, PHOTO)
    entry = release(story.anna, story.photo)
    story.bert.sees(entry)
    claimed = claim(story.bert, [story.photo], entry)
    await story.push(claimed)
    assert story.log.lineage(claimed.name) is None
    await story.push(entry)
    assert story.log.lineage(claimed.name) is not None
    await story.report(story.anna, story.bert)
    story.days(5)
    assert story.is_held(story.photo)


async def test_a_put_cancels_what_came_before_it(story: Story) -> None:
    await story.released()
    story.hours(23)
    assert await story.session(story.bert).put_blob(story.photo, PHOTO) is False
    assert await story.state() is BlobState.HELD
    story.days(10)
    assert story.is_held(story.photo)


async def test_a_put_between_the_passes(story: Story) -> None:
    await story.released()
    story.hours(26)
    await story.session(story.bert).put_blob(story.photo, PHOTO)
    story.days(10)
    assert story.is_held(story.photo)


@pytest.mark.parametrize("by_put", [True, False])
async def test_out_of_the_trash(story: Story, by_put: bool) -> None:
    await story.released()
    story.hours(LONG_ENOUGH)
    assert story.is_trashed(story.photo)
    if by_put:
        assert await story.session(story.bert).put_blob(story.photo, PHOTO) is True
    else:
        assert await story.state(claim=True) is BlobState.HELD
    assert await story.session(story.bert).get_blob(story.photo) == PHOTO
    story.days(40)
    assert story.is_held(story.photo)
    account = story.parts.libraries.account(story.library.id)
    assert account is not None
    assert (account.blobs, account.blob_bytes) == (1, len(PHOTO))


async def test_a_blob_whose_file_is_gone_is_absent_and_can_be_put(story: Story) -> None:
    """What is left when the power goes after the unlinking and before its transaction ends."""
    await story.released()
    story.hours(LONG_ENOUGH)
    story.parts.blobs.delete(story.photo)
    assert await story.state(claim=True) is BlobState.ABSENT
    assert await story.session(story.bert).put_blob(story.photo, PHOTO) is True
    assert await story.session(story.bert).get_blob(story.photo) == PHOTO


async def test_a_stat_that_claims_cancels(story: Story) -> None:
    await story.released()
    story.hours(26)
    assert await story.state(claim=True) is BlobState.HELD
    assert await story.state() is BlobState.HELD
    story.days(5)
    assert story.is_held(story.photo)
    release(story.anna, story.photo)
    await story.push()
    assert await story.state() is BlobState.RELEASED


async def test_a_put_cancels_a_release_that_has_no_place_yet(story: Story) -> None:
    """It arrived before, so whoever puts may have applied it without needing the blob."""
    await story.put(story.anna, PHOTO)
    seen = story.anna.change()
    entry = release(story.anna, story.photo)
    await story.push(entry)
    assert story.log.lineage(entry.name) is None
    assert await story.state(claim=True) is BlobState.HELD
    await story.push(seen)
    assert story.log.lineage(entry.name) is not None
    await story.report(story.anna, story.bert)
    story.days(5)
    assert story.is_held(story.photo)


async def test_a_release_without_its_place_takes_no_part(story: Story) -> None:
    await story.put(story.anna, PHOTO)
    seen = story.anna.change()
    entry = release(story.anna, story.photo)
    await story.push(entry)
    await story.report(story.anna, story.bert)
    story.days(5)
    [found] = story.make_pass()
    assert found.held_back == {Obstacle.DETACHED: 1}
    await story.push(seen)
    await story.report(story.anna, story.bert)
    story.days(5)
    assert story.is_trashed(story.photo)


async def test_what_a_checkpoint_names_stays(story: Story) -> None:
    await story.put(story.anna, PHOTO)
    covered = story.library.heads()
    checkpoint = story.anna.control(EntryKind.CHECKPOINT, Checkpoint(heads=covered, records=1, blobs=(story.photo,)))
    entry = release(story.bert, story.photo)
    await story.push()
    await story.report(story.anna, story.bert)
    story.days(5)
    [found] = story.make_pass()
    assert (found.held_back, found.release.name) == ({Obstacle.CHECKPOINT: 1}, entry.name)
    write_words(story.anna, checkpoint, [each.report(covered, checkpoint=checkpoint.name) for each in (story.anna, story.bert)])
    await story.push()
    assert len(story.log.settled()) == 1
    await story.report(story.anna, story.bert)
    story.days(95)
    await story.report(story.anna, story.bert)
    assert story.is_held(story.photo)


async def test_a_checkpoint_that_never_settles_lets_go(story: Story) -> None:
    await story.put(story.anna, PHOTO)
    story.anna.control(EntryKind.CHECKPOINT, Checkpoint(heads=story.library.heads(), records=1, blobs=(story.photo,)))
    release(story.bert, story.photo)
    await story.push()
    await story.report(story.anna, story.bert)
    story.days(89)
    assert story.is_held(story.photo)
    await story.report(story.anna, story.bert)
    story.days(5)
    assert story.is_trashed(story.photo)


async def test_a_promise_is_kept_and_none_is_given_of_what_is_released(story: Story) -> None:
    await story.put(story.anna, PHOTO)
    assert await story.proofs() == [True]
    release(story.anna, story.photo)
    await story.push()
    assert await story.proofs() == [False]
    await story.report(story.anna, story.bert)
    story.clock.time += YEAR_MS  # by the clock the promise is over
    story.days(7)
    assert story.is_held(story.photo)
    [found] = story.make_pass()
    assert found.held_back == {Obstacle.PROMISE: 1}
    await story.report(story.anna, story.bert)
    story.days(4)
    assert story.is_trashed(story.photo)
    assert await story.proofs() == [False]


async def test_nothing_is_promised_that_a_restored_backup_may_not_have(parts: NodeParts) -> None:
    object.__setattr__(parts, "backup_interval_ms", 24 * HOUR_MS)
    story = Story(parts, make_library("backups"))
    await story.begin()
    await story.put(story.anna, PHOTO)
    story.hours(24)
    assert await story.proofs() == [False]
    story.clock.time += YEAR_MS
    assert await story.proofs() == [False]
    story.hours(2)
    assert await story.proofs() == [True]


async def test_what_another_library_holds_is_not_unlinked(story: Story) -> None:
    other = Story(story.parts, make_library("another library"))
    await other.begin()
    await other.put(other.anna, PHOTO)
    await story.released()
    story.days(40)
    assert not story.is_held(story.photo)
    assert await other.session(other.anna).get_blob(story.photo) == PHOTO
    release(other.anna, story.photo)
    await other.push()
    await other.report(other.anna, other.bert)
    other.days(40)
    assert not story.has_file(story.photo)


async def test_a_put_while_the_trash_is_emptied(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file was there when it was put, and is unlinked before this library takes note that it holds it."""
    other = Story(story.parts, make_library("another library"))
    await other.begin()
    await story.released()
    story.hours(LONG_ENOUGH)
    story.book.count(31 * 24 * HOUR_MS)
    put, blobs = story.parts.blobs.put, story.parts.blobs

    def put_and_lose(blob: BlobId, sealed: bytes, *, now: int) -> bool:
        monkeypatch.undo()
        is_new = put(blob, sealed, now=now)
        assert empty_trash(story.stores) is not None
        assert blobs.info(blob) is None
        return is_new

    monkeypatch.setattr(blobs, "put", put_and_lose)
    await other.put(other.anna, PHOTO)
    assert await other.session(other.anna).get_blob(other.photo) == PHOTO


async def test_after_a_restore_everything_begins_anew(story: Story) -> None:
    await story.put(story.anna, PHOTO, b"another")
    await story.released()
    story.hours(26)
    story.book.begin(StoreId(b"another store id"))
    assert story.book.running() == 0
    assert await story.state() is BlobState.HELD  # who wanted it meanwhile isn't known any more
    story.days(3)
    assert story.is_held(story.photo)
    release(story.anna, BlobId.of(b"another"))
    await story.push()
    story.days(3)
    assert story.is_held(BlobId.of(b"another"))
    await story.report(story.anna, story.bert)
    story.days(3)
    assert not story.is_held(BlobId.of(b"another"))


async def test_what_was_counted_survives_a_restart(tmp_path: Path) -> None:
    library = make_library("restarts")
    with parts_in(tmp_path / "relay") as parts:
        story = Story(parts, library)
        await story.begin()
        await story.released()
        story.hours(20)
        running = story.book.running()
    anna, bert = story.anna, story.bert
    with parts_in(tmp_path / "relay") as parts:
        assert parts.releases is not None
        assert parts.releases.running() == running
        again = Stage(parts, library)
        again.anna = anna
        again.hours(5)
        assert again.is_held(story.photo)
        again.hours(3)
        assert again.is_trashed(story.photo)
        [state] = await again.session(bert).stat([story.photo], claim=True)
        assert state is BlobState.HELD


async def test_releases_that_came_before_this_was_known_don_t_count(story: Story) -> None:
    """A database of an earlier version: entries were stored, and nobody noted them."""
    await story.put(story.anna, PHOTO)
    release(story.anna, story.photo)
    story.log.append([entry.raw for entry in story.library.entries], now=story.clock.time)
    story.book.note(story.library.id, None)  # type: ignore[arg-type]
    await story.report(story.anna, story.bert)
    story.days(5)
    assert story.is_held(story.photo)


async def test_a_branch_of_the_log_that_was_not_seen(story: Story) -> None:
    """Bert's report covers a clone's entry with a higher number on another branch: that isn't the release."""
    await story.put(story.anna, PHOTO)
    clone = story.anna.fork()
    release(story.anna, story.photo)
    for _ in range(3):
        clone.change()
    await story.push()
    heads = story.library.heads()
    [log] = [tips for log, tips in heads.items() if log == story.anna.log]
    only_clone = type(heads).of((each, tip) for each, tip in heads.tips() if each != story.anna.log or tip == max(log))
    await story.report(story.anna)
    await story.session(story.bert).seen([story.bert.report(only_clone, time=story.clock.time).raw])
    story.days(3)
    assert story.is_held(story.photo)
    await story.report(story.bert)
    story.days(3)
    assert story.is_trashed(story.photo)


async def test_a_claim_in_the_past_by_way_of_others(story: Story) -> None:
    carl = story.library.join("carl")
    await story.put(story.anna, PHOTO)
    claimed = claim(story.bert, [story.photo])
    for _ in range(5):
        story.bert.change()
    carl.sees(story.bert.change())
    for _ in range(5):
        carl.change()
    story.anna.sees(carl.change())
    entry = release(story.anna, story.photo)
    assert dep_of(claimed) not in entry.deps
    await story.push()
    await story.report(story.anna, story.bert, carl)
    story.days(3)
    assert story.is_trashed(story.photo)


async def test_the_relay_does_it_by_itself(story: Story, autojump_clock: trio.testing.MockClock) -> None:
    await story.released()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(story.node.service.keep_released)
        await trio.sleep(24 * 3600)
        assert story.is_held(story.photo)
        await trio.sleep((LONG_ENOUGH - 24) * 3600)
        assert story.is_trashed(story.photo)
        await trio.sleep(31 * 24 * 3600)
        assert not story.has_file(story.photo)
        nursery.cancel_scope.cancel()
    assert story.book.running() <= trio.current_time() * 1000


async def test_a_relay_that_is_restarted_often_waits_no_shorter(story: Story, autojump_clock: trio.testing.MockClock) -> None:
    await story.released()
    began = trio.current_time()
    for number in range(400):
        with trio.move_on_after(STEP_SECONDS * (STEPS_BETWEEN_PASSES + 1) * (number % 7 + 1) / 7):
            await story.node.service.keep_released()
        if trio.current_time() - began < 24 * 3600:
            assert story.is_held(story.photo)
    assert story.is_trashed(story.photo)
