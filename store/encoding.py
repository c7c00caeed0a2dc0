"""Deterministic CBOR at every door: bounded, canonical, without duplicate keys or tags (PROTOCOL.md section 1). Pure.

Tags are refused before their content is looked at: a decoder that makes dates, fractions or regular expressions of them
does work that whoever sent the bytes chooses.
"""

from __future__ import annotations

from typing import Any, NoReturn

import cbor2

DEFAULT_DEPTH = 16


class MalformedError(ValueError):
    """The bytes are not what they should be; nothing was taken from them."""


class TooDeepError(MalformedError):
    """Nested deeper than allowed."""


class TooLongError(MalformedError):
    """Longer, or with more elements, than allowed."""


class UnknownVersionError(MalformedError):
    """Of a version that this program doesn't know; what else is wrong with it nobody here can say."""


def encode(value: Any) -> bytes:
    """The one encoding of ``value``."""
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes, *, limit: int, depth: int = DEFAULT_DEPTH) -> Any:
    """The value that ``data`` encodes.

    Raises ``MalformedError`` when ``data`` is longer than ``limit`` bytes (``TooLongError``), nested deeper than ``depth``
    (``TooDeepError``), or is not byte for byte what ``encode`` would have written.
    """
    if len(data) > limit:
        raise TooLongError(f"{len(data)} bytes where at most {limit} are allowed")
    try:
        value = cbor2.loads(
            data,
            max_depth=depth,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
            semantic_decoders=_TAGS_WITH_A_MEANING,
            tag_hook=_refuse_tag,
        )
        canonical = encode(value)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        if "nesting depth" in str(error):
            raise TooDeepError(f"nested deeper than {depth}") from error
        raise MalformedError(f"not CBOR as agreed: {error}") from error
    if canonical != data:
        raise MalformedError("CBOR that is not in its shortest form")
    return value


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("tags are not allowed")


_TAGS_WITH_A_MEANING = dict.fromkeys((*range(300), 1004, 43000, 55799), _refuse_tag)
"""All that the decoder would act upon by itself; the hook for unknown tags refuses the others."""
