"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random

from tests.simulation.oracle.case import Case
from tests.simulation.oracle.checks.agreement import check_agreement, check_client_ids
from tests.simulation.oracle.checks.blindness import check_blindness
from tests.simulation.oracle.checks.checkpoints import check_comparisons, check_descent, check_prunings, check_settlements, check_stubs
from tests.simulation.oracle.checks.entries import (
    check_acknowledged,
    check_archive,
    check_durability,
    check_everyone_has_everything,
    check_purges,
    check_states,
)
from tests.simulation.oracle.checks.heads import check_heads, check_reports, check_reports_came
from tests.simulation.oracle.checks.inspecting import check_inspector
from tests.simulation.oracle.checks.leftovers import check_leftovers
from tests.simulation.oracle.checks.listings import check_listings, check_verify
from tests.simulation.oracle.checks.moments import check_moment
from tests.simulation.oracle.checks.originals import (
    check_checkpoint_blobs,
    check_given_up,
    check_imports,
    check_originals,
    check_relay_blobs,
    check_relay_keeps,
)
from tests.simulation.oracle.checks.queues import check_queues
from tests.simulation.oracle.checks.replay import check_replay
from tests.simulation.oracle.evidence import Complaint, Evidence

CHECKS: tuple[Callable[[Case], Iterable[Complaint]], ...] = (
    check_archive,
    check_durability,
    check_everyone_has_everything,
    check_states,
    check_agreement,
    check_client_ids,
    check_acknowledged,
    check_purges,
    check_listings,
    check_originals,
    check_given_up,
    check_imports,
    check_relay_blobs,
    check_checkpoint_blobs,
    check_relay_keeps,
    check_blindness,
    check_queues,
    check_heads,
    check_reports,
    check_reports_came,
    check_stubs,
    check_prunings,
    check_settlements,
    check_comparisons,
    check_leftovers,
)
SAMPLED: tuple[Callable[[Case, Random], Iterable[Complaint]], ...] = (check_descent, check_verify, check_replay, check_inspector)
"""Those that look at something that chance chooses."""


def judge(evidence: Evidence, random: Random) -> list[Complaint]:
    """What is wrong after everyone has met; nothing, if all is well. The same evidence and randomness give the same list."""
    for device in evidence.devices:
        evidence.archive.collect(device.name, device.library)
    for relay in evidence.relays:
        evidence.archive.collect_relay(relay.name, relay.log, relay.blobs)
    case = Case(evidence)
    complaints = watch(evidence)
    for check in CHECKS:
        complaints += _ended(check.__name__, partial(check, case))
    for sampled in SAMPLED:
        complaints += _ended(sampled.__name__, partial(sampled, case, random))
    return complaints


def watch(evidence: Evidence) -> list[Complaint]:
    """What is wrong at any moment; cheap enough for every few acts. ``devices`` are those whose libraries are open, members or not."""
    return [
        complaint for device in evidence.devices for complaint in _ended("check_moment", partial(check_moment, evidence.archive, device))
    ]


def _ended(name: str, check: Callable[[], Iterable[Complaint]]) -> Iterator[Complaint]:
    """The complaints of a check. Tables that are damaged enough make the program's own code fail, and then that is one."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - whatever it is, it was found while looking
        yield Complaint(kind="can-not-look", sentence=f"{name} ended with {type(error).__name__}: {error}.")
