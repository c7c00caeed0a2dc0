"""Positions in an album: text that sorts, with room between any two (PROTOCOL.md section 6.1). Pure.

A position is a number in base 62, digits ``0-9A-Za-z`` in the order of ASCII, compared as text:

    position = head | whole digits | fraction digits, the last of which is not 0

The head says how many whole digits follow, so that longer whole parts sort behind shorter ones: ``a`` to ``z`` one to 26 digits, from
``a0`` upward; ``Z`` to ``A`` one to 26 digits below that, downward. So appending or prepending ten thousand photos takes positions of
four characters, and only inserting again and again at one place makes them longer: about a character for six.

Two devices may choose the same position. The order is then that of the asset ids; photos without a position come last.
"""

from __future__ import annotations

from crdt.parsing import WrongTypeError
from crdt.values import Value

MAX_POSITION = 4096
"""Characters; more are not read."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE = {digit: value for value, digit in enumerate(_DIGITS)}
_BASE = len(_DIGITS)

_MAX_WHOLE_DIGITS = 26
_HEADS_UP = "abcdefghijklmnopqrstuvwxyz"
_HEADS_DOWN = "ZYXWVUTSRQPONMLKJIHGFEDCBA"
_STARTS = [sum(_BASE**k for k in range(1, digits)) for digits in range(1, _MAX_WHOLE_DIGITS + 2)]
"""How many whole parts there are, in one direction, that are shorter than 1, 2, … digits."""

_LIMIT = _STARTS[-1]


def between(low: str | None, high: str | None) -> str:
    """A position behind ``low`` and before ``high``; ``None`` leaves that side open.

    ``ValueError`` when a bound is no position, when ``low`` isn't before ``high``, or when the only room left is longer than a position
    may be (then the neighbours need new ones).
    """
    if low is not None and high is not None and low >= high:
        raise ValueError("there is nothing between a position and one that isn't behind it")
    below = None if low is None else _split(low)
    above = None if high is None else _split(high)
    position = _joined(*_between(below, above))
    if len(position) > MAX_POSITION:
        raise ValueError("there is no room left between two positions")
    return position


def spread(low: str | None, high: str | None, count: int) -> list[str]:
    """``count`` positions between the bounds, in order, each about as short as possible."""
    positions: list[str] = []
    if high is None:
        for _ in range(count):
            low = between(low, None)
            positions.append(low)
    elif count > 0:
        middle = between(low, high)
        left = count // 2
        positions = [*spread(low, middle, left), middle, *spread(middle, high, count - left - 1)]
    return positions


def parse_position(value: Value) -> str:
    """``value`` when it is a position, else ``WrongTypeError``."""
    if not isinstance(value, str) or len(value) > MAX_POSITION:
        raise WrongTypeError("not a position")
    try:
        _split(value)
    except ValueError as error:
        raise WrongTypeError("not a position") from error
    return value


def _between(below: tuple[int, str] | None, above: tuple[int, str] | None) -> tuple[int, str]:
    if above is None:
        if below is None:
            return 0, ""
        whole, fraction = below
        return (whole + 1, "") if whole + 1 < _LIMIT else (whole, _middle(fraction, None))
    if below is None:
        return _before(*above)
    (low, low_fraction), (high, high_fraction) = below, above
    if low == high:
        return low, _middle(low_fraction, high_fraction)
    if low + 1 < high or high_fraction:
        return low + 1, ""
    return low, _middle(low_fraction, None)


def _before(whole: int, fraction: str) -> tuple[int, str]:
    if whole - 1 > -_LIMIT:
        return whole - 1, ""
    return (whole - 1, _middle("", None)) if whole > -_LIMIT else (whole, _middle("", fraction))


def _middle(low: str, high: str | None) -> str:
    """Fraction digits strictly between, as few as possible; ``high`` is not empty, ``None`` stands for 1."""
    digits: list[str] = []
    while True:
        at = len(digits)
        below = _VALUE[low[at]] if at < len(low) else 0
        above = _BASE if high is None else _VALUE[high[at]]
        if above - below > 1:
            return "".join([*digits, _DIGITS[(below + above) // 2]])
        if above > below and high is not None and at + 1 < len(high):
            return "".join([*digits, high[at]])
        digits.append(_DIGITS[below])
        if above > below:
            high = None


def _split(position: str) -> tuple[int, str]:
    """The whole part as a number, 0 for ``a0``, and the fraction's digits; ``ValueError`` for what is no position."""
    head = position[:1]
    digits = (_HEADS_UP if head in _HEADS_UP else _HEADS_DOWN).find(head) + 1 if head else 0
    whole, fraction = position[1 : 1 + digits], position[1 + digits :]
    if not digits or len(whole) != digits or fraction.endswith("0") or any(digit not in _VALUE for digit in position):
        raise ValueError("not a position")
    number = 0
    for digit in whole:
        number = number * _BASE + _VALUE[digit]
    start = _STARTS[digits - 1]
    number = start + number if head in _HEADS_UP else number - start - _BASE**digits
    if number == -_LIMIT and not fraction:
        raise ValueError("the lowest position leaves no room before it")
    return number, fraction


def _joined(whole: int, fraction: str) -> str:
    digits = 1
    while not -_STARTS[digits] <= whole < _STARTS[digits]:
        digits += 1
    start = _STARTS[digits - 1]
    rest, head = (whole - start, _HEADS_UP[digits - 1]) if whole >= 0 else (whole + start + _BASE**digits, _HEADS_DOWN[digits - 1])
    text = ""
    for _ in range(digits):
        rest, digit = divmod(rest, _BASE)
        text = _DIGITS[digit] + text
    return head + text + fraction
