"""The library of a device, as its own program sees it, over a database that can only be read."""

from __future__ import annotations

from peer.errors import UsageError
from peer.keys.device import DeviceKeys
from peer.library.library import Library
from peer.seams import SystemClock, system_randomness
from tools.looking.folder import Inspected


def library_of(inspected: Inspected) -> Library:
    """The library in a device's folder, with the device's keys; whatever it is asked, it can't write. Not to be closed: it owns nothing.

    ``UsageError`` in a relay's folder; what loading the keys raises where they are missing or can't be read.
    """
    if inspected.library_folder is None:
        raise UsageError(
            "This is a relay's folder: what is asked can be told from a device's only.", hint="Name a device's folder with --library."
        )
    keys = DeviceKeys.load(inspected.library_folder.device_key)
    (library,) = inspected.libraries
    return Library(inspected.library_folder, inspected.database, keys, library, SystemClock(), system_randomness)
