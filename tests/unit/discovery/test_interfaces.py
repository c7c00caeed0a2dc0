"""Changes of interfaces count once they have settled; and what this machine has can be listed."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from discovery.interfaces import IMPATIENT_SECONDS, MAX_INTERFACES, SETTLED_SECONDS, Interface, Settling, list_interfaces


def wired(*hosts: int) -> tuple[Interface, ...]:
    return tuple(Interface(index=host, addresses=(ip_address(f"10.0.{host}.1"),)) for host in hosts)


def test_a_change_counts_after_a_second() -> None:
    settling = Settling(wired(1))
    assert not settling.look(10.0, wired(1))
    assert not settling.is_restless
    assert not settling.look(11.0, wired(1, 2))
    assert settling.is_restless
    assert not settling.look(11.5, wired(1, 2))
    assert settling.look(12.0, wired(1, 2))
    assert (settling.settled, settling.is_restless) == (wired(1, 2), False)
    assert not settling.look(12.5, wired(1, 2))


def test_what_comes_back_at_once_was_never_away() -> None:
    settling = Settling(wired(1, 2))
    assert not settling.look(10.0, wired(1))
    assert not settling.look(10.5, wired(1, 2))
    assert not settling.is_restless
    assert not settling.look(20.0, wired(1, 2))


def test_endless_unrest_is_followed_every_five_seconds() -> None:
    settling = Settling(wired(0))
    counted = [quarter / 4 for quarter in range(100) if settling.look(quarter / 4, wired(1 + quarter))]
    assert counted == [5, 10.25, 15.5, 20.75]
    assert counted[0] == IMPATIENT_SECONDS


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 3)), max_size=30), st.integers(1, 3))
def test_what_stays_is_settled_in_the_end(looks: list[tuple[int, int]], last: int) -> None:
    settling, now = Settling(wired(1)), 0.0
    for quarters, host in looks:
        now += quarters / 4
        before = settling.settled
        assert settling.look(now, wired(host)) == (settling.settled != before)
    settling.look(now + 1, wired(last))
    settling.look(now + 1 + SETTLED_SECONDS, wired(last))
    assert settling.settled == wired(last)
    assert not settling.is_restless


def test_the_interfaces_of_this_machine() -> None:
    """Whatever they are."""
    found = list_interfaces()
    assert len(found) <= MAX_INTERFACES
    assert len({interface.index for interface in found}) == len(found)
    for interface in found:
        assert interface.addresses
        for address in interface.addresses:
            assert not address.is_loopback
            assert getattr(address, "scope_id", None) == (str(interface.index) if address.version == 6 and address.is_link_local else None)
