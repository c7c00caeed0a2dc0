"""What can go wrong with one file, split by where: at its source, on its way, at its place.

CalotypeError
├── SourceError
│   ├── SourceUnreadableError    no permission, a failing disk, not a file
│   ├── SourceVanishedError      it was there, and is gone
│   └── SourceChangedError       it changed while it was read; worth another try
├── CopyDamagedError             the copy reads back differently: the library's disk
├── CopyFailedError              the library's folder can't be written to
├── NameTakenError               the place in the tree is taken; another name is needed
└── NoSpaceLeftError             (from peer.errors) the library's disk is full
"""

from __future__ import annotations

from peer.errors import CalotypeError, ExitCode


class SourceError(CalotypeError):
    """A file to import can't be taken; nothing of it was kept, and the file itself wasn't touched."""

    exit_code = ExitCode.PARTLY


class SourceUnreadableError(SourceError):
    """The file can't be read at all."""

    hint = "Check its permissions and the disk that it lies on, then import it again."


class SourceVanishedError(SourceError):
    """The file was moved or deleted after it had been found."""

    hint = "Import it from where it is now."


class SourceChangedError(SourceError):
    """Another program was writing to the file."""

    hint = "Import it again when the program that writes it is done."


class CopyDamagedError(CalotypeError):
    """What the library's disk gives back isn't what was written to it. The copy was thrown away."""

    exit_code = ExitCode.INTEGRITY
    hint = "The file that was imported is untouched. Check the disk that the library lies on before you go on."


class CopyFailedError(CalotypeError):
    """The library's folder can't be written to."""

    exit_code = ExitCode.PARTLY
    hint = "Check the permissions of the library's folder and whether its disk is writable."


class NameTakenError(CalotypeError):
    """A file of this name came to be in the tree meanwhile; it wasn't touched."""
