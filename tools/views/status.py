"""`status`: whether everything is where it should be, with whom, what is on its way, and what is stuck and why."""

from __future__ import annotations

from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.views.status_device import device_status
from tools.views.status_relay import relay_status


def gather_status(inspected: Inspected, *, now: int) -> list[Document]:
    """A document for a device's library (``tools.views.status_device``), or one for each library of a relay (``tools.views.status_relay``).

    Both begin with ``folder`` (device or relay), ``library``, ``summary`` (the answer in a sentence or two), ``in_sync``, ``as_of`` (``now``: the time of this
    look, in milliseconds since 1970). Nobody else is asked: all is as of when this folder heard of it.
    """
    if inspected.library_folder is None:
        return [relay_status(inspected, library, now=now) for library in inspected.libraries]
    (library,) = inspected.libraries
    return [device_status(inspected, library, now=now)]
