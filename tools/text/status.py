"""`status` for people: the answer, then who has what, then what is stuck."""

from __future__ import annotations

from collections.abc import Iterator

from relay.sizes import spell_size
from store.releases import STEP_MS
from tools.looking.documents import Document
from tools.looking.spelling import spell_age, spell_count, spell_entries, spell_list, spell_span, spell_time
from tools.text.screen import BAD, DIM, GOOD, WARN, Piece, Screen
from tools.views.nodes import IN_SYNC, UNKNOWN

SHOWN_STUCK = 20
_ID = 10


def show_status(documents: list[Document]) -> None:
    """A device's library, or each of a relay's."""
    screen = Screen()
    if not documents:
        screen.line("No library is stored here yet.")
    for document in documents:
        screen.line((document["summary"], GOOD if document["in_sync"] else WARN))
        if document["folder"] == "device":
            _show_device(screen, document)
        else:
            _show_relay(screen, document)


def _show_device(screen: Screen, document: Document) -> None:
    name = document["device_name"] or (document["device"] or "unknown")[:_ID]
    screen.line(
        f"{name}: {spell_count(document['assets'], 'photo')}, {document['trashed']:,} in the trash, "
        f"{spell_entries(document['entries'], None)}",
        (f"  library {document['library'][:_ID]}, digest {(document['digest'] or 'unknown')[:_ID]}", DIM),
    )
    if document["sealed"]:
        screen.line((f"Without its keys, so less is told: {document['sealed']}", WARN))
    for sentence in (document["standing"], document["copied"]):
        if sentence:
            screen.line((sentence, WARN))
    if document["nodes"]:
        screen.table(
            ("node", "state", "lacks", "we lack", "to upload", "as of", "reason"),
            [_node(node, document["as_of"]) for node in document["nodes"]],
        )
    else:
        screen.line("No relay is configured and no other device was met: changes stay here.")
    for line in _device_notes(document):
        screen.line(line)
    _show_stuck(screen, document["stuck"])


def _node(node: Document, now: str) -> tuple[Piece, ...]:
    state = node["state"], GOOD if node["state"] == IN_SYNC else DIM if node["state"] == UNKNOWN else WARN
    lacks = "not known" if node["ahead"] is None else spell_entries(node["ahead"], node["ahead_bytes"]) if node["ahead"] else "nothing"
    ours = "not known" if node["behind"] is None else f"at least {spell_entries(node['behind'], None)}" if node["behind"] else "nothing"
    uploads = f"{spell_count(node['uploads'], 'blob')} ({spell_size(node['upload_bytes'])})" if node["uploads"] else "nothing"
    name = f"{node['kind']} {node['name']}" + ("" if node["member"] is not False else " (removed)")
    return name, state, lacks, ours, uploads, spell_age(node["as_of"], now=now), node["reason"]


def _device_notes(document: Document) -> Iterator[Piece]:
    if document["disagreeing"]:
        names = spell_list(document["disagreeing"])
        yield f"{names}: the same changes, another library. `calotype-inspect verify` on both folders finds the record.", BAD
    kinds = [f"{count:,} for {_FOR[kind]}" for kind, count in sorted(document["waiting"].items()) if kind in _FOR]
    if kinds:
        yield f"Held back: {', '.join(kinds)}. `calotype-inspect pending` says who has it.", WARN
    if document["unseen"]:
        yield f"{spell_entries(document['unseen'], None)} stored, not looked at yet: the peer does that when it runs."
    if document["downloads"]:
        yield f"To come: {spell_count(document['downloads'], 'file')}, {spell_size(document['download_bytes'])}."
    if document["previews"]:
        yield f"{spell_count(document['previews'], 'preview')} to be made here, by `calotype run`."
    for fork in document["forked_logs"]:
        yield (
            f"The log {fork['log'][:_ID]} has {len(fork['tips'])} ends: a copy of its device went on; nothing is lost. See `calotype-inspect heads`.",
            WARN,
        )
    if document["void"]:
        yield f"{spell_count(document['void'], 'update')} void: kept and shown, without effect. See `calotype-inspect entry LOG:SEQ`."
    if document["set_aside"]:
        yield f"{spell_entries(document['set_aside'], None)} by removed devices set aside: they don't count, because nobody had built on them."
    if document["held_back_by"]:
        yield f"Not everywhere yet, so nothing is deleted or given up before it is: {spell_list(document['held_back_by'])}."
    if document["recovered"]:
        yield f"{spell_count(document['recovered'], 'file')} in the folder `recovered`, to be looked at.", WARN


_FOR = {
    "entry": "an entry that isn't here",
    "key": "the key of an epoch",
    "engine": "a record that the engine could not change",
    "version": "a newer version of the program",
    "again": "the next start of the peer",
    "circle": "each other",
}


def _show_stuck(screen: Screen, stuck: list[Document]) -> None:
    if not stuck:
        return
    screen.heading("Stuck")
    rows = [
        (each["item"], each["reason"], f"next try {spell_time(each['next_try'])}" if each["next_try"] else "")
        for each in stuck[:SHOWN_STUCK]
    ]
    screen.table(("item", "reason", "next"), rows)
    if len(stuck) > SHOWN_STUCK:
        screen.line((f"and {len(stuck) - SHOWN_STUCK} more; --json has them", DIM))


def _show_relay(screen: Screen, document: Document) -> None:
    screen.line(
        f"library {document['library'][:_ID]}: {spell_entries(document['entries'], document['entry_bytes'])}, ",
        "never registered" if document["quota"] is None else _room(document),
        (f"  ran for {_running(document['running_ms'])}", DIM),
    )
    screen.table(
        ("device", "lacks", "reported", "wrote", "heard", "session"), [_member(each, document["as_of"]) for each in document["devices"]]
    )
    for line in _relay_notes(document):
        screen.line(line)


def _running(milliseconds: int) -> str:
    """As the relay notes it, step by step."""
    return spell_span(milliseconds) if milliseconds else f"less than {spell_span(STEP_MS)}"


def _room(document: Document) -> str:
    return f"{spell_count(document['blobs'], 'blob')}: {spell_size(document['blob_bytes'])} of {spell_size(document['quota'])}"


def _member(device: Document, now: str) -> tuple[Piece, ...]:
    behind, heard = device["behind"], device["heard_ms"]
    lacks = ("not known", DIM) if behind is None else (spell_entries(behind, device["behind_bytes"]), WARN) if behind else ("nothing", GOOD)
    return (
        device["device"][:_ID],
        lacks,
        spell_age(device["reported"], now=now),
        spell_age(device["newest_entry"], now=now),
        "never" if heard is None else f"less than {spell_span(heard + STEP_MS)} of running ago",
        f"until {spell_time(device['session_until'])}" if device["session_until"] else "",
    )


def _relay_notes(document: Document) -> Iterator[Piece]:
    if document["detached"]:
        yield (
            f"{spell_entries(document['detached'], None)} detached: {document['missing']:,} that they build on are missing. See `calotype-inspect pending`.",
            WARN,
        )
    if document["forks"]:
        yield f"{spell_count(document['forks'], 'log')} with several ends. See `calotype-inspect heads`.", WARN
    if document["pruned_entries"]:
        yield f"{spell_entries(document['pruned_entries'], document['pruned_bytes'])} given up for checkpoints."
    if document["wanted"]:
        first = ", ".join(blob[:_ID] for blob in document["wanted_blobs"][:5])
        yield f"{spell_count(document['wanted'], 'blob')} damaged or gone, asked back from the devices: {first}.", BAD
    releases = document["releases"]
    if releases["open"]:
        yield f"{spell_count(releases['open'], 'release')} open, of {spell_count(releases['blobs'], 'blob')}: see `calotype-relay gc --dry-run`."
    if document["trash_blobs"]:
        yield f"In the trash: {spell_count(document['trash_blobs'], 'blob')}, {spell_size(document['trash_bytes'])}; gone 30 days after they came there."
    if document["removed"]:
        yield f"Removed: {', '.join(device[:_ID] for device in document['removed'])}."
