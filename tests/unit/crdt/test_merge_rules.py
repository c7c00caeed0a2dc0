"""The merge rules of PROTOCOL.md section 8, one after the other. They are promises.

Each is tried between two devices that share a random past and are then apart, while a third and the two themselves do other things;
afterwards every entry reaches every device, and one new device, in a random causal order of its own. All must be equal, must be
what the reference model says, and must be what the rule says.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.album import AlbumView, view_album
from crdt.asset import AssetView, add_to_album, add_version, membership_writers, move_in_album, view_asset
from crdt.clock import is_ahead
from crdt.draft import Draft
from crdt.folding import FoldableAsset, fold
from crdt.fractional import between
from crdt.parsing import in_key
from crdt.purge import generation_for
from crdt.values import Value
from store.ids import FileHash, RecordId, RecordKind
from tests.unit.crdt.fleet import Device, FleetEntry, World
from tests.unit.crdt.history import (
    SETS,
    YEAR_MS,
    add_op,
    assert_as_the_model_says,
    assert_converged,
    asset,
    change,
    random_history,
    random_op,
    remove_op,
    set_op,
)

PHOTO, OTHER = asset(1), asset(2)
ALBUM = RecordId.make(RecordKind.ALBUM, bytes(range(16)))
FILE = FileHash(bytes([1]) * 32)

promises = settings(max_examples=12)
seeds = given(st.integers(0, 1 << 32))


class Story:
    """Two devices with a shared past that are apart now."""

    def __init__(self, seed: int, *, past: Callable[[Device], object] | None = None) -> None:
        self.world = World(random=Random(seed))
        self.devices = [self.world.device() for _ in range(3)]
        random_history(self.world, self.devices, 10, [PHOTO, OTHER])
        self.world.deliver(self.devices)
        if past is not None:
            past(self.devices[2])
            self.world.deliver(self.devices)
        self.a, self.b = self.devices[:2]

    def together(self) -> None:
        """Other things happen to another photo; then everything reaches everybody."""
        for device in self.devices:
            change(device, random_op(self.world.random, device, [OTHER]))
        self.devices.append(self.world.device())
        self.world.deliver(self.devices)
        assert_converged(self.world, self.devices)
        assert_as_the_model_says(self.world, self.devices[0], [PHOTO, OTHER])

    @property
    def photo(self) -> AssetView:
        return view_asset(self.devices[-1].content(PHOTO))

    @property
    def album(self) -> AlbumView:
        content = self.devices[-1].content(ALBUM)
        return view_album(content, members=membership_writers(self.devices[-1].content(PHOTO), ALBUM))

    def do(self, device: Device, target: RecordId, fill: Callable[[Draft], None]) -> FleetEntry:
        self.world.now += 1_000
        return device.commit({target: fill})

    def trash(self, device: Device, target: RecordId = PHOTO) -> FleetEntry:
        members = membership_writers(device.content(PHOTO), ALBUM) if target == ALBUM else ()
        return self.do(device, target, lambda draft: draft.trash(device.last, members=members))


def forget_conflicts(device: Device) -> None:
    """A past in which the fields that a rule looks at have one value each."""
    change(
        device,
        set_op(PHOTO, "rating", 0),
        set_op(PHOTO, "caption", ""),
        set_op(PHOTO, "edit:exposure", None),
        set_op(PHOTO, "edit:crop", None),
    )


def edited_photo(device: Device) -> None:
    """A past in which the photo was edited."""
    values: dict[str, Value] = {"crop": [0, 0, 1, 0.5], "exposure": 10, "tint": None}
    change(device, *(set_op(PHOTO, f"edit:{name}", value) for name, value in values.items()))


def in_album(device: Device) -> None:
    def fill(draft: Draft) -> None:
        add_to_album(draft, ALBUM, between(None, None))

    device.commit({PHOTO: fill, ALBUM: lambda draft: draft.set("title", "Alps")})


def quiet_photo(device: Device) -> None:
    """A past in which nobody trashed the photo, and something can be trashed."""
    change(device, set_op(PHOTO, "rating", 2), add_op(PHOTO, "name", "IMG_1.jpg"))


@promises
@seeds
def test_a_crops_and_b_changes_exposure_both_apply(seed: int) -> None:
    story = Story(seed, past=forget_conflicts)
    change(story.a, set_op(PHOTO, "edit:crop", [0, 0, 1, 0.5]))
    change(story.b, set_op(PHOTO, "edit:exposure", 1.5))
    story.together()
    assert story.photo.edits == {"crop": [0, 0, 1, 0.5], "exposure": 1.5}
    assert not {conflict.field for conflict in story.photo.conflicts} & {"edit:crop", "edit:exposure"}


@promises
@given(st.integers(0, 1 << 32), st.booleans())
def test_a_reverts_and_b_changes_a_parameter(seed: int, a_is_later: bool) -> None:
    """The crop goes; of the exposure, which both write, the later counts; the tint is B's alone."""
    story = Story(seed, past=edited_photo)

    def revert() -> None:
        change(story.a, *(set_op(PHOTO, f"edit:{name}", None) for name in ("crop", "exposure")))

    def set_both() -> None:
        change(story.b, set_op(PHOTO, "edit:exposure", 30), set_op(PHOTO, "edit:tint", 5))

    for act in (set_both, revert) if a_is_later else (revert, set_both):
        act()
        story.world.now += 1_000
    story.together()
    assert story.photo.edits == ({"tint": 5} if a_is_later else {"exposure": 30, "tint": 5})
    (conflict,) = [conflict for conflict in story.photo.conflicts if conflict.field in ("edit:crop", "edit:exposure", "edit:tint")]
    assert conflict.field == "edit:exposure"
    assert {cell.value for cell in (conflict.winner, *conflict.others)} == {None, 30}


@promises
@given(st.integers(0, 1 << 32), st.sampled_from([("rating", 1, 2), ("caption", "x", "y"), ("edit:exposure", 0.5, None)]))
def test_both_set_one_field_the_later_wins_and_one_command_brings_the_other_back(seed: int, field: tuple[str, Value, Value]) -> None:
    name, one, other = field
    story = Story(seed, past=forget_conflicts)
    earlier = change(story.a, set_op(PHOTO, name, one))
    story.world.now += 1_000
    later = change(story.b, set_op(PHOTO, name, other))
    story.together()
    (conflict,) = [conflict for conflict in story.photo.conflicts if conflict.field == name]
    assert (conflict.winner.value, conflict.winner.writer, conflict.winner.stamp) == (other, later.writer, later.stamp)
    assert [(cell.value, cell.writer, cell.stamp) for cell in conflict.others] == [(one, earlier.writer, earlier.stamp)]
    back = conflict.others[0].value
    story.devices[2].commit({PHOTO: lambda draft: draft.resolve(name, back, at=story.a.last)}, ops=[set_op(PHOTO, name, back)])
    story.together()
    assert name not in {conflict.field for conflict in story.photo.conflicts}


@promises
@seeds
def test_a_adds_a_keyword_and_b_removes_it_it_stays(seed: int) -> None:
    story = Story(seed, past=lambda device: change(device, add_op(PHOTO, "keyword", "sea")))
    steps = [(story.a, add_op(PHOTO, "keyword", "sea")), (story.b, remove_op(PHOTO, "keyword", "sea"))]
    story.world.random.shuffle(steps)
    for device, op in steps:
        story.world.now += 1_000
        change(device, op)
    story.together()
    assert "sea" in story.photo.keywords


@promises
@given(st.integers(0, 1 << 32), st.booleans(), st.sampled_from(["edit", "import"]))
def test_a_trashes_and_b_edits_or_imports_trashed_with_the_edit_kept_and_contested(seed: int, trash_first: bool, how: str) -> None:
    story = Story(seed, past=quiet_photo)
    op = set_op(PHOTO, "caption", "keep me") if how == "edit" else add_op(PHOTO, "name", "IMG_1.jpg")
    if trash_first:
        story.trash(story.a)
    edit = change(story.b, op)
    if not trash_first:
        story.trash(story.a)
    story.together()
    assert story.photo.trashed is not None
    assert story.photo.unseen == {edit.writer}
    assert story.photo.caption == "keep me" if how == "edit" else "IMG_1.jpg" in story.photo.names
    story.trash(story.devices[2])
    story.together()
    assert story.photo.trashed is not None
    assert not story.photo.contested


@promises
@seeds
def test_a_edits_and_b_purges_purged(seed: int) -> None:
    story = Story(seed)
    story.b.commit({}, purges=[PHOTO])
    change(story.a, set_op(PHOTO, "caption", "too late"), set_op(OTHER, "rating", 3))
    story.together()
    assert all(PHOTO in device.purged and PHOTO not in device.states for device in story.devices)
    assert generation_for(FILE, story.a.purged.__contains__) == RecordId.asset(FILE, 1)


@promises
@seeds
def test_a_removes_from_an_album_and_b_moves_it_there_removed(seed: int) -> None:
    story = Story(seed, past=in_album)
    story.do(story.a, PHOTO, lambda draft: draft.discard("album", in_key(ALBUM)))
    story.do(story.b, PHOTO, lambda draft: move_in_album(draft, ALBUM, "a5"))
    story.together()
    assert story.photo.albums == ()


@promises
@seeds
def test_both_move_in_an_album_the_later_counts_and_it_is_no_conflict(seed: int) -> None:
    story = Story(seed, past=in_album)
    story.do(story.a, PHOTO, lambda draft: move_in_album(draft, ALBUM, "a5"))
    story.do(story.b, PHOTO, lambda draft: move_in_album(draft, ALBUM, "a3"))
    story.together()
    assert story.photo.albums == ((ALBUM, "a3"),)
    assert not [conflict for conflict in story.photo.conflicts if conflict.field.startswith("position")]


@promises
@given(st.integers(0, 1 << 32), st.booleans())
def test_a_deletes_an_album_and_b_adds_a_photo_album_in_the_trash_with_the_photo_in_it(seed: int, again: bool) -> None:
    story = Story(seed, past=in_album)
    if not again:
        story.do(story.devices[2], PHOTO, lambda draft: draft.discard("album", in_key(ALBUM)))
        story.world.deliver(story.devices)
    story.trash(story.a, ALBUM)
    added = story.do(story.b, PHOTO, lambda draft: add_to_album(draft, ALBUM, "a5"))
    story.together()
    assert story.album.trashed is not None
    assert story.album.unseen == {added.writer}
    assert story.photo.trashed is None
    assert [placement.album for placement in story.photo.albums] == [ALBUM]
    story.trash(story.b, ALBUM)
    story.together()
    assert not story.album.contested


@promises
@seeds
def test_both_import_the_same_bytes_one_asset_and_both_names_no_conflict(seed: int) -> None:
    world = World(random=Random(seed))
    devices = [world.device(), world.device()]
    source: Value = {"size": 5, "blobs": [bytes(32)]}
    for device, name in zip(devices, ("IMG_1.jpg", "copy of IMG_1.jpg"), strict=True):

        def fill(draft: Draft, name: str = name) -> None:
            draft.set("primary", FILE)
            draft.add("name", name)
            draft.add("source", FILE.base64(), source, beside=True)
            draft.derive("exif", {"width": 3, "height": 2})

        device.commit({generation_for(FILE, device.purged.__contains__): fill}, ops=[add_op(PHOTO, "name", name)])
    world.deliver([*devices, world.device()])
    assert_converged(world, devices)
    assert_as_the_model_says(world, devices[0], [PHOTO])
    assert set(devices[0].states) == {PHOTO}
    view = view_asset(devices[0].content(PHOTO))
    assert view.names == ("IMG_1.jpg", "copy of IMG_1.jpg")
    assert view.primary == FILE
    assert len(set(view.sources[FILE])) == 1
    assert view.conflicts == ()


@promises
@seeds
def test_a_imports_the_raw_alone_and_b_the_pair_one_asset(seed: int) -> None:
    world = World(random=Random(seed))
    devices = [world.device(), world.device()]
    raw, jpeg = (FileHash(world.random.randbytes(32)) for _ in range(2))
    devices[0].commit({RecordId.asset(raw): lambda draft: draft.set("primary", raw)})

    def pair(draft: Draft) -> None:
        draft.set("primary", jpeg)
        draft.set("role:raw", raw)
        add_version(draft, FileHash(bytes(32)))

    devices[1].commit({RecordId.asset(jpeg): pair})
    world.deliver(devices)
    assert_converged(world, devices)
    for device in devices:
        nodes = [FoldableAsset(asset=target, files=view_asset(content).files) for target, content in device.contents.items()]
        assert fold(nodes) == {RecordId.asset(raw): RecordId.asset(jpeg)}


@promises
@seeds
def test_a_imports_bytes_that_b_trashed_it_stays_deleted_and_the_import_is_seen(seed: int) -> None:
    story = Story(seed, past=quiet_photo)
    story.trash(story.b)
    story.a.receive(story.b.world.entries[story.b.tip])
    again = change(story.a, add_op(PHOTO, "name", "IMG_2.jpg"))
    story.together()
    assert story.photo.trashed is not None
    assert story.photo.unseen == {again.writer}
    assert "IMG_2.jpg" in story.photo.names


@promises
@seeds
def test_bringing_back_purged_bytes_is_the_same_next_generation_everywhere(seed: int) -> None:
    story = Story(seed)
    story.b.commit({}, purges=[PHOTO])
    story.world.deliver(story.devices)
    ids = {generation_for(FILE, device.purged.__contains__) for device in story.devices}
    assert ids == {RecordId.asset(FILE, 1)}
    (back,) = ids
    for device in (story.a, story.b):
        device.commit({back: lambda draft: draft.set("primary", FILE)})
    story.together()
    assert view_asset(story.a.content(back)).primary == FILE
    assert PHOTO not in story.a.states


@promises
@given(st.integers(0, 1 << 32), st.sampled_from([3 * YEAR_MS, -3 * YEAR_MS]))
def test_a_clock_wrong_by_years_causality_decides_first_and_the_device_is_flagged(seed: int, skew: int) -> None:
    story = Story(seed, past=forget_conflicts)
    story.a.skew_ms = skew
    wrong = change(story.a, set_op(PHOTO, "caption", "from the wrong clock"))
    story.world.deliver(story.devices)
    change(story.b, set_op(PHOTO, "caption", "seen and replaced"))
    story.together()
    assert story.photo.caption == "seen and replaced"
    assert "caption" not in {conflict.field for conflict in story.photo.conflicts}
    assert is_ahead(wrong.stamp, story.world.now) == (skew > 0)
    assert not is_ahead(story.b.last, story.world.now)
    change(story.a, set_op(PHOTO, "caption", "wrong clock again"))
    change(story.b, set_op(PHOTO, "caption", "right clock"))
    story.together()
    assert story.photo.caption == ("wrong clock again" if skew > 0 else "right clock")
    assert "caption" in {conflict.field for conflict in story.photo.conflicts}


@promises
@seeds
def test_every_name_of_a_file_is_kept(seed: int) -> None:
    story = Story(seed)
    for device, name in zip((story.a, story.b, story.devices[2]), SETS["name"], strict=True):
        change(device, add_op(PHOTO, "name", name))
    story.together()
    assert set(story.photo.names) == set(SETS["name"])
