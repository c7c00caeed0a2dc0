"""Where things lie inside a library's folder.

originals/2024/07/IMG_0042.HEIC     what the person sees: files as imported, mode 0444
recovered/2024-07-21/IMG_0042.HEIC  what was deleted for good elsewhere while somebody had changed it
.calotype/library.db                log, records, projections, queues
.calotype/device.key                this device's private keys, mode 0600
.calotype/renditions/ab/abcd…       thumbnails and previews by SHA-256
.calotype/edited/ab/abcd…           pictures of edited photos by asset; safe to lose
.calotype/checkpoints/              sealed blobs of checkpoints
.calotype/carried/                  sealed blobs kept for others, until relays have them
.calotype/incoming/                 files on their way in; safe to lose
.calotype/dropped/                  files on their way in from a browser; safe to lose
.calotype/leaving/                  files of deleted photos on their way out
.calotype/engine.lock, engine.json  who runs the engine, and how other commands reach it
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from store.durable import make_folders
from store.ids import FileHash

PRIVATE = ".calotype"


@dataclass(frozen=True)
class LibraryFolder:
    """The folder of one library on this device."""

    root: Path

    @property
    def private(self) -> Path:
        return self.root / PRIVATE

    @property
    def originals(self) -> Path:
        return self.root / "originals"

    @property
    def recovered(self) -> Path:
        return self.root / "recovered"

    @property
    def leaving(self) -> Path:
        return self.private / "leaving"

    @property
    def database(self) -> Path:
        return self.private / "library.db"

    @property
    def device_key(self) -> Path:
        return self.private / "device.key"

    @property
    def incoming(self) -> Path:
        return self.private / "incoming"

    @property
    def dropped(self) -> Path:
        return self.private / "dropped"

    @property
    def renditions(self) -> Path:
        return self.private / "renditions"

    @property
    def edited(self) -> Path:
        return self.private / "edited"

    @property
    def checkpoints(self) -> Path:
        return self.private / "checkpoints"

    @property
    def carried(self) -> Path:
        return self.private / "carried"

    @property
    def engine_lock(self) -> Path:
        return self.private / "engine.lock"

    @property
    def engine_address(self) -> Path:
        return self.private / "engine.json"

    def rendition(self, file: FileHash) -> Path:
        name = file.hex()
        return self.renditions / name[:2] / name

    def exists(self) -> bool:
        """Whether a library was made or joined here, completely or not."""
        return self.database.exists() or self.device_key.exists()

    def create(self) -> None:
        """The empty folders, durable; private ones closed to other users."""
        make_folders(self.root)
        make_folders(self.private, mode=0o700)
        for folder in (self.originals, self.incoming, self.renditions):
            make_folders(folder)
