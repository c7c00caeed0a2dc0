"""What lies in watched folders and isn't known yet: by scanning them, a page at a time, and by looking at what hints name. Blocking.

The rules for links, hidden files and folders that are passed over are those of every import (``peer.originals.scan``).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from peer.library.library import Library
from peer.originals.scan import Found, Skipped, scan
from peer.watching.folders import unknown_among
from peer.watching.settling import is_unfinished

PAGE = 200


class Scan:
    """One walk through all folders."""

    def __init__(self, library: Library, folders: Sequence[Path]) -> None:
        self._library = library
        self._walk: Iterator[Found | Skipped] = scan(folders, library=library.folder.root)
        self.is_over = False

    def page(self) -> list[Path]:
        """Files that aren't known as they are now, among the next two hundred that were found."""
        page = list(itertools.islice(self._walk, PAGE))
        self.is_over = len(page) < PAGE
        return _unknown(self._library, page)


def hinted(library: Library, folders: Sequence[Path], paths: Collection[Path]) -> list[Path]:
    """The same among ``paths``, and below those that are folders. What lies in no watched folder, or in a hidden one, isn't looked at."""
    visible = [path for path in sorted(paths) if _is_visible(path, folders)]
    return _unknown(
        library, [each for path in visible if not _is_link_to_folder(path) for each in scan([path], library=library.folder.root)]
    )


def _is_visible(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(top) and not any(part.startswith(".") for part in path.relative_to(top).parts) for top in folders)


def _is_link_to_folder(path: Path) -> bool:
    return path.is_symlink() and path.is_dir()


def _unknown(library: Library, found: Sequence[Found | Skipped]) -> list[Path]:
    files = [(each.path, each.stamp) for each in found if isinstance(each, Found) and not is_unfinished(each.path.name)]
    return unknown_among(library, files)
