"""Bugs in the roster and the keys: who belongs to a library, what of the removed counts, and who can read."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

REMOVALS = "tests/unit/store/test_removals.py"
MODEL = "tests/unit/store/test_removals_model.py"
ROSTER = "tests/unit/store/test_roster.py"
PINS = "tests/unit/peer/library/test_pins.py"
REMOVING = "tests/unit/peer/library/test_removing.py"
REMOVAL_HISTORIES = "tests/unit/peer/library/test_removal_histories.py"
EPOCHS = "tests/unit/peer/library/test_epochs.py"

MEMBERSHIP_BUGS = (
    Mutant(
        name="roster-ignores-pins",
        what="whom a removed device lets in afterwards is a member",
        file="store/removals.py",
        before="        return named == covering or bool(covering & sound)\n",
        after="        return named == covering or bool(named)\n",
        suspects=(REMOVALS, MODEL, ROSTER),
    ),
    Mutant(
        name="higher-pin-not-held",
        what="of two removals of one device at the same time the lower pin holds",
        file="store/removals.py",
        before="        kept = tips if sound else {pin for pin in tips if named == self._covering(pin, named)}\n",
        after="        kept = {pin for pin in tips if named == self._covering(pin, named)}\n",
        suspects=(REMOVALS, MODEL, ROSTER),
    ),
    Mutant(
        name="removed-device-removes",
        what="a removal counts although its author knew that it had been removed itself",
        file="store/removals.py",
        before="        if self._named(author, past):\n",
        after="        if author == MASTER:\n",
        suspects=(REMOVALS, MODEL, ROSTER),
    ),
    Mutant(
        name="removed-device-goes-on",
        what="what a removed device writes beyond its pin is applied like anybody's",
        file="peer/library/pins.py",
        before="        return author != MASTER and not self._roster.is_member(author)\n",
        after="        return author != MASTER and not author\n",
        suspects=(PINS, REMOVING, REMOVAL_HISTORIES),
    ),
    Mutant(
        name="honest-dependents-blocked",
        what="what an honest member built on a removed device's entries waits for ever",
        file="peer/library/applying.py",
        before="            if not self._is_beyond_pin(entry):\n                self._count_past(entry.needs)\n            elif",
        after="            if not self._is_beyond_pin(entry):\n                pass\n            elif",
        suspects=(REMOVING, REMOVAL_HISTORIES),
    ),
    Mutant(
        name="applied-and-not-taken-up",
        what="a member that had applied what a removed device wrote doesn't say so, and the others never apply it",
        file="peer/library/membership.py",
        before="    return supply_packages(library) + take_up(library)\n",
        after="    return supply_packages(library)\n",
        suspects=(REMOVING, REMOVAL_HISTORIES),
    ),
    Mutant(
        name="session-of-removed-device",
        what="a node goes on answering a device that was removed while it was connected",
        file="relay/parts.py",
        before="        if self.logs.of(library).roster().signing_key(session.device) is None:\n",
        after="        if self.logs.of(library).roster().known_key(session.device) is None:\n",
        suspects=("tests/unit/relay/test_service.py", "tests/unit/relay/test_session.py", "tests/unit/peer/engine/test_removal.py"),
    ),
    Mutant(
        name="no-epoch-after-removal",
        what="a removal begins no epoch, so that the removed device can read what comes after it",
        file="peer/library/removing.py",
        before="        epoch = Epoch.generate(library.randomness)\n",
        after="        epoch = library.write_epoch()\n",
        suspects=(REMOVING, EPOCHS),
    ),
    Mutant(
        name="epoch-that-the-removed-know",
        what="a device writes under an epoch whose key a removed device was given",
        file="store/roster.py",
        before="if {MASTER} <= info.given <= allowed and (info.is_fresh or info.authors <= allowed))",
        after="if {MASTER} <= info.given)",
        suspects=(ROSTER, EPOCHS),
    ),
    Mutant(
        name="smallest-epoch-not-chosen",
        what="of several epochs that are valid devices write under another one than the rule says",
        file="store/roster.py",
        before="        return tuple(sorted(info.epoch for info in good))\n",
        after="        return tuple(sorted((info.epoch for info in good), reverse=True))\n",
        suspects=(ROSTER, EPOCHS),
    ),
    Mutant(
        name="one-member-without-package",
        what="of those that lack a package of an epoch the first is passed over",
        file="store/roster.py",
        before="for device in sorted(wanted - info.given))",
        after="for device in sorted(wanted - info.given)[1:])",
        suspects=(ROSTER, EPOCHS),
    ),
    Mutant(
        name="earlier-secrets-not-passed-on",
        what="who joins after a removal can't read what was written before it",
        file="peer/keys/packages.py",
        before="earlier=seal_earlier(epoch, library=library, known=known))",
        after='earlier=b"")',
        suspects=("tests/unit/peer/keys/test_packages.py", REMOVING),
    ),
)
