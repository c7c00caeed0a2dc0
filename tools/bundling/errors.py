"""What can go wrong with bundles. No message holds anything of a library's contents.

CalotypeError
├── CannotBeMadeAgainError      something in the history can't be made again so that it does the same
├── DifferentError              what was made doesn't show what the original shows, or still holds a part of it
└── BundleError                 a file that is no bundle, or not one as described
"""

from __future__ import annotations

from peer.errors import IntegrityError, UsageError


class CannotBeMadeAgainError(UsageError):
    """Nothing was written."""

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(f"No bundle was written: {reason}.", hint=hint)


class DifferentError(IntegrityError):
    """Nothing was written. ``differences``: a clause each."""

    def __init__(self, sentence: str, differences: tuple[str, ...], *, hint: str = "") -> None:
        super().__init__(sentence, hint=hint)
        self.differences = differences


class BundleError(UsageError):
    """Nothing was made of it."""
