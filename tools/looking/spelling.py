"""Amounts and ages as people read them. Pure."""

from __future__ import annotations

from datetime import datetime

from relay.sizes import spell_size

_STEPS = ((7 * 86_400_000, "weeks"), (86_400_000, "days"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))
_FROM = 2
"""A unit is used from so many of it on: 90 minutes say more than one hour. Seconds and minutes from one on."""
_SECONDS = len("2024-07-21T16:03:11")


def spell_span(milliseconds: int) -> str:
    """``12 s``, ``3 min``, ``119 min``, ``47 h``, ``13 days``, ``5 weeks``."""
    for unit, name in _STEPS:
        if milliseconds >= unit * (1 if name in ("min", "s") else _FROM):
            return f"{milliseconds // unit} {name}"
    return "0 s"


def spell_ago(then: int | None, *, now: int) -> str:
    """``3 min ago``; ``never`` for what never was. What lies ahead of ``now``, because some clock is wrong, says so."""
    if then is None:
        return "never"
    if then > now + 1000:
        return f"{spell_span(then - now)} ahead of this clock"
    return f"{spell_span(max(now - then, 0))} ago"


def spell_time(iso: str) -> str:
    """``2024-07-21 16:03:11Z``: a time of a document to the second. The Z says that it is UTC; `--time`, `--from` and `--to` read it as it stands here."""
    return f"{iso[:_SECONDS].replace('T', ' ')}Z"


def spell_age(then: str | None, *, now: str) -> str:
    """The same of times as documents hold them: ISO 8601, with their offset from UTC."""
    then_ms, now_ms = (None if moment is None else round(datetime.fromisoformat(moment).timestamp() * 1000) for moment in (then, now))
    return spell_ago(then_ms, now=now_ms or 0)


def spell_count(count: int, one: str, many: str = "") -> str:
    """``1 entry``, ``12,000 entries``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def spell_entries(entries: int, size: int | None) -> str:
    """``12 entries (4.1 kB)``; without the bytes where they aren't known."""
    counted = spell_count(entries, "entry", "entries")
    return counted if size is None else f"{counted} ({spell_size(size)})"


def spell_list(names: list[str], *, at_most: int = 4) -> str:
    """``a, b and c``; of more than ``at_most`` the first, and how many others."""
    shown = names if len(names) <= at_most else [*names[: at_most - 1], f"{len(names) - at_most + 1} others"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
