"""Names on a disk, by properties that hold for any changes and any syncs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.disk.names import File, Folder, Names, Setting
from tests.simulation.disk.survival import Survival, surviving_contents

FOLDERS, FILES = 3, "abc"
Step = tuple[str, int, str, int, str]
steps = st.lists(
    st.tuples(
        st.sampled_from(["make", "link", "rename", "remove", "sync"]),
        st.integers(0, FOLDERS - 1),
        st.sampled_from(FILES),
        st.integers(0, FOLDERS - 1),
        st.sampled_from(FILES),
    ),
    max_size=30,
)


@dataclass
class World:
    """The names that are safe, and beside them those that a program sees."""

    folders: list[Folder] = field(default_factory=lambda: [Folder() for _ in range(FOLDERS)])
    seen: dict[tuple[int, str], File] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names(Folder()))

    def __post_init__(self) -> None:
        for number, folder in enumerate(self.folders):
            self.names.set_safely(Setting(folder=self.names.root, name=str(number), node=folder))

    def set(self, at: float, *places: tuple[int, str, File | None]) -> None:
        self.names.change(at, *(Setting(folder=self.folders[folder], name=name, node=file) for folder, name, file in places))
        for folder, name, file in places:
            if file is None:
                self.seen.pop((folder, name), None)
            else:
                self.seen[folder, name] = file

    def take(self, at: float, step: Step) -> None:
        do, folder, name, other, other_name = step
        file = self.seen.get((folder, name))
        if do == "sync":
            self.names.sync(self.folders[folder])
        elif do == "make" and file is None:
            self.set(at, (folder, name, File()))
        elif do == "remove" and file is not None:
            self.set(at, (folder, name, None))
        elif do == "link" and file is not None and (other, other_name) not in self.seen:
            self.set(at, (other, other_name, file))
        elif do == "rename" and file is not None and (folder, name) != (other, other_name):
            self.set(at, (folder, name, None), (other, other_name, file))

    def safe(self) -> dict[tuple[int, str], File]:
        return {
            (number, name): file
            for number, folder in enumerate(self.folders)
            for name, file in folder.names.items()
            if isinstance(file, File)
        }


def lived(steps: Sequence[Step]) -> World:
    world = World()
    for at, step in enumerate(steps):
        world.take(float(at), step)
    return world


@given(steps)
@settings(max_examples=200)
def test_a_kind_end_is_what_was_seen(steps: Sequence[Step]) -> None:
    world = lived(steps)
    world.names.settle(Survival.KIND, Random(1))
    assert world.safe() == world.seen


@given(steps)
@settings(max_examples=200)
def test_syncing_everything_leaves_nothing_to_lose(steps: Sequence[Step]) -> None:
    world = lived(steps)
    for folder in world.folders:
        world.names.sync(folder)
    world.names.settle(Survival.STRICT, Random(1))
    assert world.safe() == world.seen


@given(steps)
@settings(max_examples=200)
def test_what_is_old_is_safe(steps: Sequence[Step]) -> None:
    world = lived(steps)
    world.names.write_back(len(steps))
    world.names.settle(Survival.STRICT, Random(1))
    assert world.safe() == world.seen


@given(steps, st.integers(0, FOLDERS - 1), st.integers(), st.sampled_from(Survival))
@settings(max_examples=200)
def test_a_synced_folder_is_as_it_was_seen(steps: Sequence[Step], folder: int, seed: int, survival: Survival) -> None:
    world = lived(steps)
    world.names.sync(world.folders[folder])
    world.names.settle(survival, Random(seed))
    assert {place: file for place, file in world.safe().items() if place[0] == folder} == {
        place: file for place, file in world.seen.items() if place[0] == folder
    }


@given(steps, st.integers())
@settings(max_examples=200)
def test_a_name_never_stands_for_what_it_never_stood_for(steps: Sequence[Step], seed: int) -> None:
    world = World()
    stood: set[tuple[tuple[int, str], int]] = set()
    for at, step in enumerate(steps):
        world.take(float(at), step)
        stood |= {(place, id(file)) for place, file in world.seen.items()}
    kept = dict(world.seen)
    world.names.settle(Survival.MIXED, Random(seed))
    assert {(place, id(file)) for place, file in world.safe().items()} <= stood
    assert kept == world.seen


@given(st.binary(max_size=50), st.binary(max_size=50), st.integers(), st.sampled_from(Survival))
@settings(max_examples=200)
def test_contents_are_of_what_was_synced_and_written(synced: bytes, written: bytes, seed: int, survival: Survival) -> None:
    content = surviving_contents(synced, written, survival, Random(seed))
    assert len(content) <= max(len(synced), len(written))
    for place, byte in enumerate(content):
        assert byte in {*synced[place : place + 1], *written[place : place + 1], 0}
    if synced == written:
        assert content == synced
