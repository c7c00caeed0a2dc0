"""Bodies of control entries, made again for other keys and names (PROTOCOL.md section 3.2).

Packages hold other secrets for other recipients. One that didn't open for this device is garbage again; others are taken for good. Reports are signed
again; the digests in them belong to the other library and are replaced by ones that open for nobody.
"""

from __future__ import annotations

from peer.keys.epochs import Keyring
from peer.keys.errors import BodyError, UnsealError, WrappingError
from peer.keys.packages import make_package, open_earlier, open_package, seal_earlier
from peer.seams import Randomness
from store.bodies import (
    Certification,
    Checkpoint,
    Claim,
    ControlBody,
    Genesis,
    Open,
    Packaged,
    Packages,
    Release,
    Remove,
    Settled,
    parse_control,
)
from store.certificates import Certificate, assemble_certificate, certificate_to_sign
from store.entries import Dep
from store.heads import Heads, Tip
from store.ids import DeviceId, EpochId
from store.roster import Roster
from store.seen import SEALED_DIGEST_BYTES, SeenReport, assemble_report, make_digest_context, make_statement
from store.signatures import SIGNATURE_BYTES, is_signed
from tools.bundling.identifiers import Entries, Things
from tools.bundling.story import Story, Told
from tools.bundling.times import Moments


class Controls:
    """Makes bodies again, in an order in which all that they name was made before."""

    def __init__(self, story: Story, things: Things, entries: Entries, moments: Moments, random: Randomness) -> None:
        self._story = story
        self._things = things
        self._entries = entries
        self._moments = moments
        self._random = random

    def body(self, told: Told) -> bytes:
        """The other body of a control entry."""
        return self._other(parse_control(told.entry)).encode()

    def deps(self, deps: tuple[Dep, ...]) -> tuple[Dep, ...]:
        """The same places in the other logs."""
        return tuple(Dep(self._things.log(dep.log), dep.seq, self._entries.name(dep.name)) for dep in deps)

    def heads(self, heads: Heads) -> Heads:
        """Likewise."""
        return Heads.of((self._things.log(log), Tip(tip.seq, self._entries.name(tip.name))) for log, tip in heads.tips())

    def report(self, report: SeenReport) -> SeenReport:
        """The same said of the other library."""
        context = make_digest_context(
            library=self._things.library,
            device=self._things.device(report.device),
            number=report.number,
            counter=report.counter,
            heads=self.heads(report.heads),
            checkpoint=None if report.checkpoint is None else self._entries.name(report.checkpoint),
            epoch=self._things.epoch(report.epoch).id,
            time=self._moments.moment(report.time),
        )
        statement = make_statement(context, self._random(SEALED_DIGEST_BYTES))
        return assemble_report(statement, self._things.identity(report.device).sign(statement))

    def _other(self, body: ControlBody) -> ControlBody:
        things = self._things
        match body:
            case Genesis():
                master = things.master
                return Genesis(signing_key=master.signing_key, wrapping_key=master.wrapping_key, time=self._moments.moment(body.time))
            case Open():
                before = None if body.log_before is None else things.log(body.log_before)
                return Open(device=things.device(body.device), number=body.number, log_before=before)
            case Certification():
                return Certification(certificate=self._certificate(body.certificate))
            case Packages():
                return Packages(
                    epoch=things.epoch(body.epoch).id,
                    packages=self._packages(body.epoch, body.packages),
                    earlier=self._earlier(body.epoch, body.earlier),
                )
            case Remove():
                return Remove(
                    devices=tuple(sorted(things.device(device) for device in body.devices)),
                    pins=self.heads(body.pins),
                    epoch=things.epoch(body.epoch).id,
                    packages=self._packages(body.epoch, body.packages),
                    earlier=self._earlier(body.epoch, body.earlier),
                )
            case Checkpoint():
                return Checkpoint(heads=self.heads(body.heads), records=body.records, blobs=tuple(map(things.blob, body.blobs)))
            case Settled():
                return Settled(checkpoint=self._entries.name(body.checkpoint), reports=tuple(map(self.report, body.reports)))
            case Release():
                return Release(blobs=tuple(map(things.blob, body.blobs)))
            case Claim():
                return Claim(blobs=tuple(map(things.blob, body.blobs)), releases=tuple(map(self._entries.name, body.releases)))

    def _certificate(self, certificate: Certificate) -> Certificate:
        keys, signer = self._things.identity(certificate.device), self._things.identity(certificate.signer)
        to_sign = certificate_to_sign(
            library=self._things.library,
            signing_key=keys.signing_key,
            wrapping_key=keys.wrapping_key,
            signer=self._things.device(certificate.signer),
        )
        is_good = _is_signed(certificate, self._story.roster)
        return assemble_certificate(to_sign, signer.sign(to_sign) if is_good else self._random(SIGNATURE_BYTES))

    def _packages(self, epoch: EpochId, packages: Packaged) -> Packaged:
        made = ((self._things.device(recipient), self._package(epoch, recipient, package)) for recipient, package in packages)
        return tuple(sorted(made))

    def _package(self, epoch: EpochId, recipient: DeviceId, package: bytes) -> bytes:
        if recipient == self._story.device and not self._opens(epoch, package):
            return self._random(len(package))
        return make_package(
            self._things.epoch(epoch),
            library=self._things.library,
            recipient=self._things.device(recipient),
            wrapping_key=self._things.identity(recipient).wrapping_key,
        )

    def _opens(self, epoch: EpochId, package: bytes) -> bool:
        try:
            open_package(package, library=self._story.library, epoch=epoch, recipient=self._story.keys)
        except WrappingError:
            return False
        return True

    def _earlier(self, epoch: EpochId, sealed: bytes) -> bytes:
        """The other secrets of the same epochs, sealed under the other secret; something that doesn't open for what didn't."""
        known = self._story.keyring.get(epoch)
        if not sealed or known is None:
            return self._random(len(sealed))
        try:
            epochs = open_earlier(known, library=self._story.library, sealed=sealed)
        except (UnsealError, BodyError):
            return self._random(len(sealed))
        others = Keyring(self._things.epoch(each.id) for each in epochs)
        return seal_earlier(self._things.epoch(epoch), library=self._things.library, known=others)


def _is_signed(certificate: Certificate, roster: Roster) -> bool:
    key = roster.known_key(certificate.signer)
    return key is not None and is_signed(certificate.to_sign, certificate.signature, key)
