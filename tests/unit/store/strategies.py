"""Values of the store's types for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from store.bodies import (
    Certification,
    Checkpoint,
    Claim,
    ControlBody,
    Genesis,
    Open,
    Packages,
    Release,
    Remove,
    Settled,
)
from store.entries import Dep, EntryKind
from store.heads import Heads, Tip
from store.ids import NO_ENTRY, BlobId, DeviceId, EntryHash, EpochId, LogId
from store.shapes import MAX_NUMBER
from tests.fleet.authors import make_library

LIBRARY = make_library("strategies")
ANNA = LIBRARY.join("anna")

numbers = st.integers(min_value=0, max_value=MAX_NUMBER)
logs = st.binary(min_size=16, max_size=16).map(LogId)
names = st.binary(min_size=32, max_size=32).map(EntryHash).filter(lambda name: name != NO_ENTRY)
devices = st.binary(min_size=16, max_size=16).map(DeviceId)
epochs = st.binary(min_size=16, max_size=16).map(EpochId)
blobs = st.binary(min_size=32, max_size=32).map(BlobId)
tips = st.builds(Tip, numbers, names)
heads = st.dictionaries(logs, st.lists(tips, min_size=1, max_size=3), max_size=4).map(Heads)
deps = st.lists(st.builds(Dep, logs, numbers, names), max_size=5)
packages = st.dictionaries(devices, st.binary(max_size=20), max_size=3).map(lambda given: tuple(sorted(given.items())))


def sorted_tuples(of: st.SearchStrategy[BlobId]) -> st.SearchStrategy[tuple[BlobId, ...]]:
    return st.lists(of, unique=True, max_size=5).map(lambda given: tuple(sorted(given)))


controls: st.SearchStrategy[tuple[EntryKind, ControlBody]] = st.one_of(
    st.tuples(
        st.just(EntryKind.GENESIS),
        st.builds(
            Genesis,
            signing_key=st.binary(min_size=32, max_size=32),
            wrapping_key=st.just(ANNA.keys.wrapping_key),
            time=numbers,
        ),
    ),
    st.tuples(st.just(EntryKind.OPEN), st.builds(Open, device=devices, number=numbers, log_before=st.none() | logs)),
    st.tuples(st.just(EntryKind.CERTIFICATE), st.just(Certification(certificate=LIBRARY.certificate(ANNA)))),
    st.tuples(st.just(EntryKind.PACKAGES), st.builds(Packages, epoch=epochs, packages=packages, earlier=st.binary(max_size=50))),
    st.tuples(
        st.just(EntryKind.REMOVE),
        st.builds(
            Remove,
            devices=st.lists(devices, unique=True, max_size=3).map(lambda given: tuple(sorted(given))),
            pins=heads,
            epoch=epochs,
            packages=packages,
            earlier=st.binary(max_size=50),
        ),
    ),
    st.tuples(st.just(EntryKind.CHECKPOINT), st.builds(Checkpoint, heads=heads, records=numbers, blobs=st.lists(blobs).map(tuple))),
    st.tuples(st.just(EntryKind.SETTLED), st.builds(Settled, checkpoint=names, reports=st.sampled_from([(), (ANNA.report(counter=1),)]))),
    st.tuples(st.just(EntryKind.RELEASE), st.builds(Release, blobs=sorted_tuples(blobs))),
    st.tuples(
        st.just(EntryKind.CLAIM),
        st.builds(
            Claim,
            blobs=sorted_tuples(blobs),
            releases=st.lists(names, unique=True, max_size=3).map(lambda given: tuple(sorted(given))),
        ),
    ),
)
