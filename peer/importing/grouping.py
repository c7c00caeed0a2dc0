"""Which files of one folder are one photo, and what each of them is in it. Pure.

Names are compared without regard to case and Unicode form. A *stem* is a name without its extension, if that is one of a file that can be imported.
Every file is in exactly one group, and the order in which files are named changes nothing. The rules, for the files of one stem:

1. The photo is the *still*: HEIC before HEIF before JPEG. Without one it is the RAW: a camera's own before a DNG, which may have been made of it.
   Every other file is part of that photo by one of the rules below, or a photo by itself. So a JPEG beside a HEIC is one of its own.
2. A RAW is part of the photo in the role ``raw``; of several the first by rule 1, and then by name.
3. A film is part of it in the role ``motion`` when both have the same content identifier (Apple's Live Photos), whatever they are called. Without that
   by its stem alone: a MOV beside a still, at most ten seconds long as far as one knows, and no two identifiers that differ. A longer film is nobody's
   motion part: it would vanish from sight behind a photo that only happens to have its number.
4. An XMP sidecar that is called like a file and ``.xmp`` belongs to that file, one that is called like a stem to the photo with that stem: role
   ``sidecar``; beside a part that is no photo itself ``sidecar_raw``, ``sidecar_motion``. Where there are both ``x.jpg.xmp`` and ``x.xmp`` beside a RAW,
   the latter is the RAW's, as Adobe's programs write it. AAE files likewise: ``adjustments``.
5. A sidecar for which there is no file, or no place left, is a group without a photo.

Files that were together before (``settled``) come before others of their kind, so that what comes later joins and rearranges nothing. Apple's edited
copies (``IMG_E1234``) and bursts are photos by themselves: their stems differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from peer.media.types import TYPES, Kind
from peer.originals.names import collision_key

RAW, MOTION, SIDECAR, ADJUSTMENTS = "raw", "motion", "sidecar", "adjustments"
MAX_MOTION_SECONDS = 10.0
SIDECAR_TYPES: Mapping[str, str] = {"xmp": "XMP", "aae": "AAE"}
"""The sidecars that are imported, by extension; also the names of their types."""

_ROLES: Mapping[str, str] = {"XMP": SIDECAR, "AAE": ADJUSTMENTS}
_STILLS = ("HEIC", "HEIF", "JPEG")
_CONVERTED = "DNG"
_LIVE_FILM = "MOV"
_EXTENSIONS = frozenset(chain.from_iterable(known.extensions for known in TYPES.values())) | SIDECAR_TYPES.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file of the folder. ``type``: the name of its type (``peer.media.types``), or of ``SIDECAR_TYPES``; ``content``: Apple's identifier;
    ``seconds``: how long a film is, if that is known; ``settled``: it was imported before."""

    name: str
    type: str
    content: str | None = None
    seconds: float | None = None
    settled: bool = False


@dataclass(slots=True)
class Group:
    """One photo: its primary file, ``None`` for a sidecar that has none, and the others by their roles."""

    primary: Candidate | None
    parts: dict[str, Candidate] = field(default_factory=dict)

    def members(self) -> list[Candidate]:
        return [*([self.primary] if self.primary else []), *self.parts.values()]


def split_name(name: str) -> tuple[str, str]:
    """The stem as it is compared, and the extension in lower case; it is empty when it is none that can be imported."""
    stem, _, extension = name.rpartition(".")
    if stem and extension.lower() in _EXTENSIONS:
        return collision_key(stem), extension.lower()
    return collision_key(name), ""


def family_of(name: str) -> str:
    """Equal for all names that may belong together by these rules, but for content identifiers: ``x`` for ``X.jpg`` and for ``x.dng.xmp``."""
    stem, extension = split_name(name)
    while extension:
        stem, extension = split_name(stem)
    return stem


def is_sidecar_role(role: str) -> bool:
    """Whether a role is that of a sidecar, of whichever file of the photo."""
    return role.partition("_")[0] in (SIDECAR, ADJUSTMENTS)


def group(files: Iterable[Candidate]) -> list[Group]:
    """The photos that ``files``, which lie in one folder and have different names, are; in the order of their names."""
    ordered = sorted(files, key=_name_order)
    sidecars = [file for file in ordered if file.type in _ROLES]
    stems: dict[str, list[Candidate]] = {}
    for file in ordered:
        if file.type not in _ROLES:
            stems.setdefault(split_name(file.name)[0], []).append(file)
    groups = [made for stem in sorted(stems) for made in _of_stem(stems[stem])]
    _join_by_content(groups)
    return [*groups, *_join_sidecars(groups, sidecars)]


def fits(photo: Candidate, film: Candidate) -> bool:
    """Whether a film of the same stem is the motion part of ``photo`` (rule 3)."""
    if photo.content and film.content:
        return photo.content == film.content
    short = film.seconds is None or film.seconds <= MAX_MOTION_SECONDS
    return photo.type in _STILLS and film.type == _LIVE_FILM and short


def is_still(name: str) -> bool:
    """Whether files of the type with this name are the picture of the RAW or film beside them, if these are one photo."""
    return name in _STILLS


def kind_of(file: Candidate) -> Kind | None:
    """``None`` for a sidecar."""
    return TYPES[file.type].kind if file.type in TYPES else None


def _of_stem(files: list[Candidate]) -> list[Group]:
    films = [file for file in files if kind_of(file) is Kind.VIDEO]
    raws = sorted((file for file in files if kind_of(file) is Kind.RAW), key=_raw_order)
    contents = {film.content for film in films if film.content}
    stills = sorted(
        (file for file in files if file.type in _STILLS),
        key=lambda still: (not still.settled, still.content not in contents, _STILLS.index(still.type), _name_order(still)),
    )
    photo = next(iter([*stills, *raws]), None)
    if photo is None:
        return [Group(file) for file in files]
    made = Group(photo)
    raw = next(iter(raws), None)
    if raw is not None and raw is not photo:
        made.parts[RAW] = raw
    fitting = [film for film in films if fits(photo, film)]
    if fitting:
        made.parts[MOTION] = min(
            fitting, key=lambda film: (not film.settled, film.content is None, film.type != _LIVE_FILM, _name_order(film))
        )
    taken = made.members()
    return [made, *(Group(file) for file in files if file not in taken)]


def _join_by_content(groups: list[Group]) -> None:
    """Films that are called otherwise than their photos, and films of a photo that isn't the first of its stem."""
    lone = {made.primary.content: made for made in reversed(groups) if _is_lone_film(made) and made.primary and made.primary.content}
    for made in list(groups):
        photo = made.primary
        if photo is None or MOTION in made.parts or not (photo.type in _STILLS or kind_of(photo) is Kind.RAW):
            continue
        film = lone.pop(photo.content, None) if photo.content else None
        if film is not None and film.primary is not None:
            made.parts[MOTION] = film.primary
            groups.remove(film)


def _is_lone_film(made: Group) -> bool:
    return made.primary is not None and not made.parts and kind_of(made.primary) is Kind.VIDEO


def _join_sidecars(groups: list[Group], sidecars: list[Candidate]) -> list[Group]:
    """Gives each sidecar its role; those that found none, as groups of their own."""
    by_name: dict[str, tuple[Group, str]] = {}
    by_stem: dict[str, Group] = {}
    for made in groups:
        for suffix, file in [("", made.primary), *((f"_{role}", part) for role, part in made.parts.items())]:
            if file is not None:
                by_name.setdefault(collision_key(file.name), (made, suffix))
        if made.primary is not None:
            by_stem.setdefault(split_name(made.primary.name)[0], made)
    for made in groups:
        for file in made.members():
            by_stem.setdefault(split_name(file.name)[0], made)

    def place(sidecar: Candidate) -> tuple[Group, list[str]] | None:
        role, target = _ROLES[sidecar.type], split_name(sidecar.name)[0]
        if target in by_name:
            made, suffix = by_name[target]
            return made, [role + suffix]
        if target in by_stem:
            made = by_stem[target]
            return made, [role, *([f"{role}_{RAW}"] if RAW in made.parts else [])]
        return None

    left = []
    for sidecar in sorted(sidecars, key=lambda each: (split_name(each.name)[0] not in by_name, not each.settled, _name_order(each))):
        found = place(sidecar)
        free = [role for role in found[1] if role not in found[0].parts] if found else []
        if found and free:
            found[0].parts[free[0]] = sidecar
        else:
            left.append(Group(None, {_ROLES[sidecar.type]: sidecar}))
    return left


def _raw_order(file: Candidate) -> tuple[bool, bool, tuple[str, str]]:
    return not file.settled, file.type == _CONVERTED, _name_order(file)


def _name_order(file: Candidate) -> tuple[str, str]:
    return collision_key(file.name), file.name
