"""What can go wrong with keys and with what they seal. No message ever holds a secret or a word of the phrase.

CalotypeError
├── PhraseError                 the recovery phrase was not typed as it was shown
│   ├── WrongWordCountError
│   ├── UnknownWordError
│   └── WrongChecksumError
├── UnsealError                 not sealed with this key for this use, or changed since
│   └── MissingEpochError       sealed under an epoch whose secret isn't known here
├── BodyError                   it opened, but what is inside is not what it should be
│   └── UnknownCodecError       written by a newer version
├── WrappingError               a package or a wrapping key that can't be used
├── MissingKemError             this installation can't do ML-KEM-768
└── DeviceKeyFileError          the file with this device's private keys
"""

from __future__ import annotations

from peer.errors import CalotypeError, IntegrityError, UsageError

PHRASE_WORDS = 24


class PhraseError(UsageError):
    """The recovery phrase was not typed as it was shown when the library was created."""

    hint = "Type the 24 words in their order, with spaces between them."


class WrongWordCountError(PhraseError):
    """``count``: how many words there were."""

    def __init__(self, count: int) -> None:
        super().__init__(f"A recovery phrase has {PHRASE_WORDS} words; these are {count}.")
        self.count = count


class UnknownWordError(PhraseError):
    """``positions``: which words (counted from 1) are not in the list of words."""

    def __init__(self, positions: tuple[int, ...]) -> None:
        named = ", ".join(str(position) for position in positions)
        one = len(positions) == 1
        super().__init__(f"{'Word' if one else 'Words'} {named} of the recovery phrase {'is' if one else 'are'} not in the list of words.")
        self.positions = positions


class WrongChecksumError(PhraseError):
    """All words are in the list, but together they are no phrase."""

    hint = "Compare each word, and the order, with what was shown when the library was created."

    def __init__(self) -> None:
        super().__init__("These words don't belong together: one of them, or their order, is wrong.")


class UnsealError(IntegrityError):
    """Sealed bytes that don't open."""

    def __init__(self, message: str = "Sealed bytes don't open: they were changed, or sealed with another key or for another use.") -> None:
        super().__init__(message)


class MissingEpochError(UnsealError):
    """Sealed under an epoch whose secret this device has not received yet."""

    hint = "A member that knows the secret passes it on at its next sync."


class BodyError(IntegrityError):
    """Something opened with the right key, but isn't what PROTOCOL.md describes: whoever sealed it was wrong."""


class UnknownCodecError(BodyError):
    """A codec that a newer version of the program knows."""

    hint = "Update Calotype on this device."


class WrappingError(IntegrityError):
    """A package that doesn't open with this key, or a public key that can't receive one."""


class MissingKemError(CalotypeError):
    """The cryptography library of this installation was built without ML-KEM-768."""

    hint = "Install the `cryptography` package, version 47 or newer, from its official wheels."

    def __init__(self) -> None:
        super().__init__("This installation can't do ML-KEM-768, which every library of Calotype needs. Nothing was changed.")


class DeviceKeyFileError(CalotypeError):
    """The file with this device's private keys is missing, open to others, damaged, or in the way."""
