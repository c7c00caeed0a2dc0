"""`roster` for people."""

from __future__ import annotations

from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_count, spell_list, spell_time
from tools.text.screen import BAD, DIM, GOOD, WARN, Piece, Screen


def show_rosters(documents: list[Document]) -> None:
    """Of each library its devices with what became of them, and its epochs with who could read what was written under them."""
    screen = Screen()
    if not documents:
        screen.line("No library is stored here yet.")
    for document in documents:
        screen.line(_summary(document))
        screen.table(("device", "id", "", "when", "by", "entry"), [row for device in document["devices"] for row in _deeds(screen, device)])
        screen.line()
        screen.heading("epochs: who could read what was written under each")
        screen.table(("epoch", "since", "begun by", "entry", "readers", ""), [_epoch(epoch) for epoch in document["epochs"]])


def _summary(document: Document) -> str:
    members = [short_device(device) for device in document["devices"] if device["member"]]
    former = [short_device(device) for device in document["devices"] if not device["member"]]
    removed = f" {spell_list(former)} {'was' if len(former) == 1 else 'were'} removed." if former else ""
    may = f"{spell_list(members)} may read and write" if members else "no device may read and write"
    return f"library {document['library'][:10]}: {may}.{removed} The recovery phrase reads all epochs that the master key was given."


def _deeds(screen: Screen, device: Document) -> list[tuple[Piece, ...]]:
    """What happened to a device, in the order of time; the device is named in the first line."""
    deeds: list[tuple[str, str | None, Document | None, Document]] = []
    deeds += [("let in", each["received"], each["by"], each["entry"]) for each in device["certified"]]
    deeds += [(f"began log {each['log'][:10]}", each["received"], None, each["entry"]) for each in device["logs"]]
    deeds += [
        ("removed" if each["counts"] else "removed, without effect", each["received"], each["by"], each["entry"])
        for each in device["removed"]
    ]
    deeds.sort(key=lambda deed: deed[1] or "")
    rows: list[tuple[Piece, ...]] = []
    for number, (deed, received, by, entry) in enumerate(deeds):
        style = BAD if deed == "removed" else GOOD if deed == "let in" else DIM
        name: Piece = screen.device(short_device(device)) if number == 0 else ""
        rows.append(
            (
                name,
                device["device"][:10] if number == 0 else "",
                (deed, style),
                spell_time(received) if received else "not attached",
                short_device(by) if by else "",
                short_entry(entry),
            )
        )
    if device["pins"]:
        counts = spell_list([short_entry(pin) for pin in device["pins"]])
        rows.append(("", "", (f"counts up to {counts}", WARN), "", "", ""))
    return rows


def _epoch(epoch: Document) -> tuple[Piece, ...]:
    remarks = ["written under now"] if epoch["is_written"] else []
    remarks += ["begun by a removal"] if epoch["by_removal"] else []
    if epoch["members_without"]:
        remarks.append(f"{spell_count(len(epoch['members_without']), 'member')} without it")
    readers = spell_list([short_device(reader) for reader in epoch["readers"]], at_most=6)
    return (
        epoch["epoch"][:10],
        spell_time(epoch["received"]) if epoch["received"] else "not attached",
        short_device(epoch["by"]),
        short_entry(epoch["entry"]),
        readers,
        ", ".join(remarks),
    )
