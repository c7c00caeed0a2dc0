"""Who has the key recognises a device; who hasn't can't tell its tags from random bytes, nor one device or day from another."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.tags import DAY_MS, KEY_BYTES, MAX_TAGS, Blinding, DiscoveryKey, InstanceName, Tag, day_of, recognise, tag
from tests.unit.discovery.seeded import DAY, Seeded, instance, key

PINNED = json.loads((Path(__file__).parents[2] / "golden" / "discovery" / "announcement.json").read_text("utf-8"))
KEYS = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES).map(DiscoveryKey)
INSTANCES = st.binary(min_size=8, max_size=8).map(lambda name: InstanceName(name.hex()))
DAYS = st.integers(0, 2**32 - 1)


def test_tags_are_pinned() -> None:
    for case in PINNED["tags"]:
        made = tag(DiscoveryKey(bytes.fromhex(case["key"])), InstanceName(case["instance"]), case["day"])
        assert made.hex() == case["tag"]


@given(KEYS, INSTANCES, DAYS)
def test_a_tag_is_what_the_protocol_says(key: DiscoveryKey, instance: InstanceName, day: int) -> None:
    message = b"calotype tag" + day.to_bytes(4, "big") + instance.encode("ascii")
    assert tag(key, instance, day) == hmac.digest(key.secret, message, hashlib.sha256)[:8]


@given(st.lists(KEYS, unique=True, max_size=20), st.data(), INSTANCES, DAYS, st.integers(-3, 3))
def test_exactly_the_shared_keys_are_recognised_a_day_early_or_late(
    ours: list[DiscoveryKey], data: st.DataObject, instance: InstanceName, day: int, off: int
) -> None:
    shared = data.draw(st.lists(st.sampled_from(ours), unique=True) if ours else st.just([]))
    others = data.draw(st.lists(KEYS.filter(lambda each: each not in ours), max_size=5))
    today = day_of(max(day + off, 0) * DAY_MS)
    tags = [tag(each, instance, day) for each in (*shared, *others)]
    found = recognise(ours, instance, tags, today)
    assert set(found) == (set(shared) if abs(today - day) <= 1 else set())
    assert list(found) == [each for each in ours if each in found]


@given(KEYS, INSTANCES, INSTANCES, DAYS)
def test_a_copied_tag_fits_no_other_name(key: DiscoveryKey, one: InstanceName, other: InstanceName, day: int) -> None:
    assert bool(recognise([key], other, [tag(key, one, day)], day)) == (one == other)


@given(st.lists(KEYS, unique=True, max_size=20), DAYS)
def test_how_many_keys_there_are_is_blurred(keys: list[DiscoveryKey], day: int) -> None:
    tags = Blinding(instance("a"), Seeded("decoys")).tags(keys, day)
    assert len(tags) == min(-(-len(keys) // 4) * 4, MAX_TAGS)
    assert list(tags) == sorted(set(tags))
    assert recognise(keys, instance("a"), tags, day) == tuple(keys[:MAX_TAGS])


def test_two_devices_two_days_and_two_runs_have_no_tag_in_common() -> None:
    keys = [key("one"), key("two")]
    shown = [
        Blinding(instance(name), Seeded(f"run {name}")).tags(keys, day) for name in ("a", "b", "a's next run") for day in (DAY, DAY + 1)
    ]
    assert len({each for tags in shown for each in tags}) == sum(len(tags) for tags in shown)


def test_decoys_stay_when_a_key_is_added() -> None:
    """Else they would be those that always change."""
    blinding = Blinding(instance("a"), Seeded("run"))
    before, after = set(blinding.tags([key("one")], DAY)), set(blinding.tags([key("one"), key("two")], DAY))
    assert len(before & after) == 3


def test_days_begin_at_midnight_utc_and_stay_in_bounds() -> None:
    assert [day_of(ms) for ms in (0, DAY_MS - 1, DAY_MS, -5, DAY_MS * 2**40)] == [0, 0, 1, 0, 2**32 - 1]
    for day in (0, 2**32 - 1):
        assert recognise([key("one")], instance("a"), [tag(key("one"), instance("a"), day)], day)


@pytest.mark.parametrize("text", ["", "0" * 15, "0" * 17, "0123456789ABCDEF", "0123456789abcde\n", "0123456789abcdeg", "٠" * 16])
def test_nothing_else_is_an_instance_name(text: str) -> None:
    with pytest.raises(ValueError, match="16 small"):
        InstanceName(text)


def test_keys_are_in_no_text() -> None:
    secret = key("one")
    assert secret.secret.hex() not in repr(secret) + str(secret)
    assert repr(secret.secret)[2:-1] not in repr(secret)
    with pytest.raises(ValueError, match="32 bytes"):
        DiscoveryKey(b"short")
    assert Tag.SIZE == 8
