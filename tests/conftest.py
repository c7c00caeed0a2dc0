"""Property tests run on machines that do other things meanwhile: no deadline for a single example.

What a device notes outside of its library's folder goes into a folder of the test run.
"""

from __future__ import annotations

import os
import tempfile

from hypothesis import settings

settings.register_profile("calotype", deadline=None)
settings.load_profile("calotype")

_notes = tempfile.TemporaryDirectory(prefix="calotype-notes-")
os.environ["CALOTYPE_STATE"] = _notes.name
