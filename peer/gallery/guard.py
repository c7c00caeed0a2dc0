"""Which requests of a browser are let in, and what each answer says about itself. Pure.

A browser sends requests for any page that is open in it, so being reached from this machine means nothing:

- A page elsewhere can have its own name resolve to 127.0.0.1 (DNS rebinding). Its requests carry its name as Host: only the gallery's own hosts count.
- A page elsewhere can make the browser send requests with the gallery's cookie (CSRF). The cookie is SameSite=Strict; beyond that, what changes
  something has to carry the gallery's own Origin and a type that other pages can't send without being asked (CORS preflight), which is never granted;
  and whatever the browser itself says comes from another site is refused.
- What is shown may be hostile: captions, file names, pictures. The Content-Security-Policy lets nothing run but the gallery's own files, and media are
  answered with one that lets nothing run at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

JSON = "application/json"
BYTES = "application/octet-stream"
_READS = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({"same-origin", "none"})
"""``none``: the person typed the address or followed a link from outside of the browser."""

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; font-src 'self';"
    " manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_COMMON = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
PAGE_HEADERS: Mapping[str, str] = MappingProxyType(_COMMON | {"content-security-policy": _PAGE_POLICY})
MEDIA_HEADERS: Mapping[str, str] = MappingProxyType(
    _COMMON | {"content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """``status`` of HTTP, and a sentence."""

    status: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What counts of a request. Header values are ``None`` where the header is missing."""

    method: str
    host: str | None
    origin: str | None = None
    fetch_site: str | None = None
    media_type: str | None = None


def own_hosts(address: str, port: int) -> frozenset[str]:
    """The values of Host by which a gallery at ``address`` is addressed: that address itself, and where it is of this machine, each name of that."""
    named = f"[{address}]" if ":" in address else address
    hosts = {f"{named}:{port}"}
    if address in ("127.0.0.1", "::1", "localhost"):
        hosts |= {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"}
    return frozenset(hosts)


def refusal(asked: Asked, hosts: Collection[str], *, scheme: str) -> Refusal | None:
    """Why a request isn't let in, whoever sends it; ``None``: it may go on, to be asked for its session."""
    if asked.host is None or asked.host.lower() not in hosts:
        return Refusal(status=421, message="This address isn't the gallery's. Open it with `calotype open`.")
    if asked.fetch_site is not None and asked.fetch_site.lower() not in _OWN_SITES:
        return Refusal(status=403, message="Another site asked for this.")
    if asked.method in _READS:
        return None
    if asked.origin is None or asked.origin.lower() != f"{scheme}://{asked.host.lower()}":
        return Refusal(status=403, message="Changes are taken from the gallery's own page only: the header Origin has to be its address.")
    if (asked.media_type or "").partition(";")[0].strip().lower() not in (JSON, BYTES):
        return Refusal(status=415, message=f"Changes are sent as {JSON}, files as {BYTES}.")
    return None
