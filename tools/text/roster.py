"""`roster` for people."""

from __future__ import annotations

from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_count, spell_list, spell_time
from tools.text.screen import BAD, DIM, GOOD, WARN, Piece, Screen

_VOID = {
    "too-many": "too many by one device",
    "removed-before": "who wrote it was removed before",
    "beyond-pin-of-master": "it is beyond what the master key left of who wrote it",
    "no-member": "who wrote it is no member",
}


def show_rosters(documents: list[Document]) -> None:
    """Of each library its devices with what became of them, and its epochs with who could read what was written under them."""
    screen = Screen()
    if not documents:
        screen.line("No library is stored here yet.")
    for document in documents:
        screen.line(_summary(document))
        screen.table(("device", "id", "", "when", "entry"), [row for device in document["devices"] for row in _deeds(screen, device)])
        screen.line()
        screen.heading("epochs: who could read what was written under each")
        screen.table(("epoch", "since", "readers", ""), [_epoch(epoch) for epoch in document["epochs"]])


def _summary(document: Document) -> str:
    members = [short_device(device) for device in document["devices"] if device["member"]]
    former = [short_device(device) for device in document["devices"] if not device["member"]]
    removed = f" {spell_list(former)} {'was' if len(former) == 1 else 'were'} removed." if former else ""
    may = f"{spell_list(members)} may read and write" if members else "no device may read and write"
    return f"library {document['library'][:10]}: {may}.{removed} The recovery phrase reads all epochs that the master key was given."


def _deeds(screen: Screen, device: Document) -> list[tuple[Piece, ...]]:
    """What happened to a device, in the order of time; the device is named in the first line."""
    deeds: list[tuple[str | None, Piece, Document]] = [
        *((each["received"], (f"let in by {short_device(each['by'])}", GOOD), each["entry"]) for each in device["certified"]),
        *((each["received"], (f"began log {each['log'][:10]}", DIM), each["entry"]) for each in device["logs"]),
        *((each["received"], _removal(each), each["entry"]) for each in device["removed"]),
    ]
    deeds.sort(key=lambda deed: deed[0] or "")
    named: tuple[Piece, Piece] = screen.device(short_device(device)), device["device"][:10]
    rows: list[tuple[Piece, ...]] = [
        (*(("", "") if number else named), deed, spell_time(received) if received else "not attached", short_entry(entry))
        for number, (received, deed, entry) in enumerate(deeds)
    ]
    if device["pins"]:
        counts = spell_list([short_entry(pin) for pin in device["pins"]])
        rows.append(("", "", (f"counts up to {counts}", WARN), "", ""))
    return rows


def _removal(removal: Document) -> Piece:
    by = f"removed by {short_device(removal['by'])}"
    return (by, BAD) if removal["counts"] else (f"{by}, without effect: {_VOID.get(removal['reason'], removal['reason'])}", DIM)


def _epoch(epoch: Document) -> tuple[Piece, ...]:
    how = " with a removal" if epoch["by_removal"] else ""
    remarks = [f"begun by {short_device(epoch['by'])}{how}, {short_entry(epoch['entry'])}"]
    remarks += ["written under now"] if epoch["is_written"] else []
    if epoch["members_without"]:
        remarks.append(f"{spell_count(len(epoch['members_without']), 'member')} without it")
    readers = spell_list([short_device(reader) for reader in epoch["readers"]], at_most=6)
    return epoch["epoch"][:10], spell_time(epoch["received"]) if epoch["received"] else "not attached", readers, "; ".join(remarks)
