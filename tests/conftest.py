"""Property tests run on machines that do other things meanwhile: no deadline for a single example."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("calotype", deadline=None)
settings.load_profile("calotype")
