"""Hypothesis strategies for plain values and updates."""

from __future__ import annotations

from hypothesis import strategies as st

from crdt.client import MAX_CLIENT, writer
from crdt.clock import Stamp
from crdt.update import DeleteRange, Item
from crdt.values import MAX_WHOLE_NUMBER, Value, canonical

whole_numbers = st.integers(-MAX_WHOLE_NUMBER, MAX_WHOLE_NUMBER)
fractions = st.one_of(st.floats(-1e6, 1e6, width=32), st.floats(-1e6, 1e6))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
leaves = st.one_of(st.none(), st.booleans(), whole_numbers, fractions, texts, st.binary(max_size=20))
plain: st.SearchStrategy[Value] = st.recursive(
    leaves, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)), max_leaves=8
).filter(lambda value: _depth(value) <= 7)
values: st.SearchStrategy[Value] = plain.map(canonical)

stamps = st.binary(min_size=8, max_size=8).map(Stamp)
clients = st.integers(0, MAX_CLIENT)
stems = st.one_of(
    st.sampled_from(["v/rating", "v/caption", "v/edit:exposure", "d/exif", "v/position:abc"]),
    texts.filter(bool).map(lambda text: "s/keyword/" + text.replace("%", "%25").replace("/", "%2F")),
)


@st.composite
def items(draw: st.DrawFn, client: int, stamp: Stamp) -> list[Item]:
    contents = draw(st.dictionaries(stems, values, max_size=5))
    return [Item(f"{stem}/{writer(client)}", stamp, value) for stem, value in contents.items()]


delete_ranges = st.builds(DeleteRange, clients, st.integers(0, 50), st.integers(1, 50))


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0
