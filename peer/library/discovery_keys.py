"""By which keys this device is known on the local network, and knows others (PROTOCOL.md section 7.2)."""

from __future__ import annotations

from discovery.tags import DiscoveryKey
from peer.library.devices import ACTIVE_MS
from peer.library.library import Library


def discovery_keys(library: Library) -> tuple[DiscoveryKey, ...]:
    """Those of the epochs that one may write under, and of every earlier one that an active member still reports; as far as their secrets
    are known here. As long as a member hasn't reported anything, nobody knows how far it has come: then those of all epochs."""
    keyring, roster = library.keyring(), library.roster()
    epochs = list(roster.write_epochs())
    reports = {report.device: report for report in library.log.seen()}
    for device in roster.devices:
        report = reports.get(device)
        if report is None and device != library.device:
            epochs += keyring
        elif report is not None and report.time >= library.hlc.physical() - ACTIVE_MS:
            epochs.append(report.epoch)
    return tuple(DiscoveryKey(keyring[epoch].discovery_key) for epoch in dict.fromkeys(epochs) if epoch in keyring)
