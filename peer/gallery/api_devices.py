"""Calls about devices, storage and how things are."""

from __future__ import annotations

from io import StringIO
from typing import Any

import segno
from starlette.responses import Response

from crdt.facts import Policy
from peer.errors import NotAllowedError, UsageError
from peer.gallery.calls import Call, answer
from peer.library.devices import device_rows, rename_device
from peer.library.health import library_status
from peer.library.invitations import InvitationTable
from peer.library.library import Library
from peer.library.policies import set_policy
from peer.library.removing import find_devices, remove_devices
from peer.library.settings import retention_days, set_retention
from peer.library.storage import storage_of


async def status(call: Call) -> Response:
    nodes = call.parts.engine.node_documents()
    return answer((await call.read(lambda library: library_status(library, nodes))).to_json())


async def devices(call: Call) -> Response:
    return answer({"devices": await call.read(device_rows)})


async def rename(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        (device,) = find_devices(library, [call.path["id"]])
        rename_device(library, device, call.body["name"])
        return {"devices": device_rows(library)}

    return answer(await call.change(change))


async def remove(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        chosen = find_devices(library, [call.path["id"]])
        if not call.body["sure"]:
            raise NotAllowedError("A removed device can't come back, only join anew. Nothing was changed.", hint="Say `sure` to remove it.")
        if library.device in chosen:
            raise UsageError(
                "A device can't be removed from its own gallery. Nothing was changed.",
                hint="Use another device, or `calotype devices remove`.",
            )
        remove_devices(library, chosen)
        return {"devices": device_rows(library)}

    return answer(await call.change(change))


async def storage(call: Call) -> Response:
    return answer(await call.read(_storage))


async def choose_policy(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        keep, budget = call.body["policy"], call.body["budget"]
        if keep not in ("everything", "optimize", "thumbnails"):
            raise UsageError("'policy' is everything, optimize or thumbnails. Nothing was changed.")
        if keep == "optimize" and budget is None:
            raise UsageError("How much room may originals take? Nothing was changed.", hint="Give `budget` in bytes.")
        set_policy(library, Policy(keep=keep, budget=budget if keep == "optimize" else None))
        return _storage(library)

    return answer(await call.change(change))


async def settings(call: Call) -> Response:
    return answer(await call.read(_settings))


async def set_settings(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        set_retention(library, call.body["retention"])
        return _settings(library)

    return answer(await call.change(change))


async def invite(call: Call) -> Response:
    ticket = await call.parts.invitations.issue(unseen=False)
    text = ticket.to_text()
    return answer({"ticket": text, "expires": ticket.expires, "qr": qr_code(text)}, status=201)


async def invitations(call: Call) -> Response:
    def read(library: Library) -> dict[str, Any]:
        waiting = InvitationTable(library.database).open(library.hlc.physical())
        return {
            "invitations": [
                {"expires": each.ticket.expires, "code": each.code, "name": each.name, "answer": each.answer} for each in waiting
            ]
        }

    return answer(await call.read(read))


async def answer_invitation(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        if not InvitationTable(library.database).answer(call.body["code"], accepted=call.body["accept"]):
            raise UsageError("No device waits with this code.", hint="Compare it with the one that the other device shows.")
        return {}

    return answer(await call.change(change))


def qr_code(text: str) -> dict[str, Any]:
    """A QR code as the path of an SVG with one unit a module: ``size`` with its quiet zone, ``path``."""
    code = segno.make(text, micro=False)
    rows = list(code.matrix_iter(scale=1, border=4))
    path = StringIO()
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                path.write(f"M{x} {y}h1v1h-1z")
    return {"size": len(rows), "path": path.getvalue()}


def _settings(library: Library) -> dict[str, Any]:
    return {"retention": retention_days(library)}


def _storage(library: Library) -> dict[str, Any]:
    chosen = library.policy()
    return {"policy": chosen.keep, "budget": chosen.budget} | storage_of(library).to_json()
