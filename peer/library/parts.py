"""Which parts of a photo are missing, so that people see it. Pure.

- A still with a content identifier (Apple's Live Photos) and without a motion part lacks ``motion``: it was imported alone, or the film is still to come.
- A film with one, shown by itself, lacks ``still``.
- A file that the photo names, and to whose bytes no way is known, is missing under its role: whoever has it imports it again.
"""

from __future__ import annotations

from crdt.asset import AssetView

_MOTION, _STILL = "motion", "still"


def missing_parts(view: AssetView) -> tuple[str, ...]:
    """Of an asset that is shown by itself, not as a part of another one: what it lacks, each once."""
    lacking = []
    if view.exif.content and view.exif.motion is None:
        if view.kind == "video":
            lacking.append(_STILL)
        elif _MOTION not in view.roles:
            lacking.append(_MOTION)
    files = {"primary": view.primary, **view.roles}
    lacking += [role for role, file in sorted(files.items()) if file is not None and not view.sources.get(file)]
    return tuple(dict.fromkeys(lacking))
