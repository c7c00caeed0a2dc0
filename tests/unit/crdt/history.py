"""Random histories: people who set, add, remove, trash and purge on a fleet; and the check of every device against the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from crdt import record
from crdt.asset import AssetView, view_asset
from crdt.draft import Draft
from crdt.values import Value
from store.ids import FileHash, RecordId
from tests.unit.crdt.fleet import Device, FleetEntry, Op, World
from tests.unit.crdt.model import Model

YEAR_MS = 365 * 24 * 3_600_000
REGISTERS: dict[str, Sequence[Value]] = {
    "rating": [0, 1, 2, 3, 4, 5],
    "favorite": [True, False],
    "caption": ["", "sea", "Zoë ☃"],
    "edit:exposure": [0.5, -1, None],
    "edit:crop": [[0, 0, 1, 0.5], None],
    "location": [[1, 2], [47.5, 8.25, 430], None],
}
SETS: dict[str, Sequence[str]] = {"keyword": ["sea", "a/b", "100%", "Zoë"], "name": ["IMG_1.jpg", "IMG_2.jpg", "bad\udcff"]}


def asset(number: int) -> RecordId:
    return RecordId.asset(FileHash(bytes([number]) * 32))


def change(device: Device, *ops: Op) -> FleetEntry:
    """One entry by a person who does ``ops``; what is purged there can't be edited any more."""

    def filler(target: RecordId) -> Callable[[Draft], None]:
        def fill(draft: Draft) -> None:
            for op in ops:
                if op.record == target:
                    _do(draft, op)

        return fill

    return device.commit({op.record: filler(op.record) for op in ops if op.record not in device.purged}, ops=ops)


def set_op(target: RecordId, field: str, value: Value) -> Op:
    return Op(kind="set", record=target, field=field, value=value)


def add_op(target: RecordId, field: str, element: str) -> Op:
    return Op(kind="add", record=target, field=field, element=element)


def remove_op(target: RecordId, field: str, element: str) -> Op:
    return Op(kind="remove", record=target, field=field, element=element)


def random_op(random: Random, device: Device, targets: Sequence[RecordId]) -> Op:
    target = random.choice(targets)
    if random.random() < 0.6:
        field = random.choice(list(REGISTERS))
        return set_op(target, field, random.choice(REGISTERS[field]))
    field = random.choice(list(SETS))
    element = random.choice(SETS[field])
    view = view_asset(device.content(target))
    there = element in (view.keywords if field == "keyword" else view.names)
    return remove_op(target, field, element) if there and random.random() < 0.6 else add_op(target, field, element)


def random_history(world: World, devices: list[Device], steps: int, targets: Sequence[RecordId]) -> None:
    """Devices write, hear of some of the others' entries, are backed up, restored and cloned."""
    random = world.random
    backups: list[Device] = []
    for _ in range(steps):
        index = random.randrange(len(devices))
        match random.choice(["write", "write", "write", "hear", "hear", "back up", "restore"]):
            case "write":
                many = {
                    (op.record, op.field, op.element): op
                    for op in (random_op(random, devices[index], targets) for _ in range(random.choice([1, 1, 3])))
                }
                change(devices[index], *many.values())
            case "hear":
                for _ in range(random.randrange(1, 6)):
                    if ready := devices[index].ready():
                        devices[index].receive(random.choice(ready))
            case "back up":
                backups.append(devices[index].backup())
            case "restore" if backups:
                twin = random.choice(backups).backup()
                if random.random() < 0.5:
                    devices[index] = twin
                elif len(devices) < 5:
                    devices.append(twin)


def assert_converged(world: World, devices: Sequence[Device]) -> None:
    """All devices hold the same, their digests say so, and digests kept step by step equal digests computed anew."""
    first = devices[0]
    for device in devices:
        assert device.contents == first.contents
        assert device.purged == first.purged
        assert device.digest == first.digest == device.recomputed_digest()
        for target, state in device.states.items():
            assert record.read(state) == device.contents[target]
    assert len(first.applied) == len(world.entries)


def assert_as_the_model_says(world: World, device: Device, targets: Sequence[RecordId]) -> None:
    model = Model(world)
    assert device.purged == model.purged()
    for target in targets:
        if target in device.purged:
            assert target not in device.contents
            continue
        view = view_asset(device.content(target))
        for field in REGISTERS:
            standing = model.register(target, field)
            assert _shown(view, field) == (standing[0].op.value if standing else _default(field)), field
            different = [s for s in standing[1:] if s.op.value != standing[0].op.value]
            shown = {conflict.field: [(cell.value, cell.writer) for cell in conflict.others] for conflict in view.conflicts}
            assert shown.get(field, []) == [(s.op.value, s.entry.writer) for s in different], field
        assert set(view.keywords) == model.elements(target, "keyword")
        assert set(view.names) == model.elements(target, "name")


def _shown(view: AssetView, field: str) -> object:
    if field.startswith("edit:"):
        return view.edits.get(field.removeprefix("edit:"))
    if field == "location":
        return None if view.location is None else view.location.value()
    return getattr(view, field)


def _default(field: str) -> object:
    return {"rating": 0, "favorite": False, "caption": ""}.get(field)


def _do(draft: Draft, op: Op) -> None:
    match op.kind:
        case "set":
            draft.set(op.field, op.value)  # type: ignore[arg-type]  # an op holds what a person gave
        case "add":
            draft.add(op.field, op.element)
        case "remove":
            draft.discard(op.field, op.element)
