"""Property tests run on machines that do other things meanwhile: no deadline for a single example.

``HYPOTHESIS_PROFILE=long`` runs fifty times as many examples, also of the state machines in ``tests/machines``.

What a device notes outside of its library's folder goes into a folder of the test run.
"""

from __future__ import annotations

import os
import tempfile

from hypothesis import settings

settings.register_profile("calotype", deadline=None)
settings.register_profile("long", deadline=None, max_examples=50 * settings.get_profile("calotype").max_examples)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "calotype"))

_notes = tempfile.TemporaryDirectory(prefix="calotype-notes-")
os.environ["CALOTYPE_STATE"] = _notes.name
