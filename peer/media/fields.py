"""The derived field ``exif`` as a record can hold it (PROTOCOL.md section 6.1). Pure.

What files say of themselves has no end: a packet may hold ten thousand keywords. A value of a record has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from crdt.facts import MAX_KEYWORDS, MAX_REGIONS, Exif
from crdt.values import BadValueError, canonical
from peer.media.plausible import Metadata
from store.encoding import encode

MAX_METADATA_BYTES = 32 * 1024
"""Half of what a value may have (``crdt.update.MAX_VALUE_BYTES``): stamp and key come on top, and other fields into the same update."""

_MOST = {"keywords": MAX_KEYWORDS, "regions": MAX_REGIONS}
_CUT_FIRST = ("regions", "keywords", "caption")


def fitting(found: Mapping[str, Any]) -> Metadata:
    """What of ``found`` is of its field's type, in its wire form. Lists and captions that are too long keep their beginning."""
    cut = {name: value[: _MOST[name]] if name in _MOST and isinstance(value, list) else value for name, value in found.items()}
    kept = cast("dict[str, Any]", Exif.parse(cut).value())
    for name in _CUT_FIRST:
        while name in kept and len(encode(kept)) > MAX_METADATA_BYTES:
            kept[name] = kept[name][: len(kept[name]) // 2]
            if not kept[name]:
                del kept[name]
    return cast("Metadata", kept)


def fits(value: Mapping[Any, Any]) -> bool:
    """Whether ``value`` is what ``fitting`` could have given."""
    try:
        plain = canonical(dict(value))
        return Exif.parse(plain).value() == plain and len(encode(plain)) <= MAX_METADATA_BYTES
    except BadValueError:
        return False
