"""``verify``: a proof that a folder is whole, and that two agree."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from peer.commands.invocation import Invocation
from peer.errors import ExitCode
from tools.commands.answering import answer, inspect_options, library_id_option
from tools.looking.documents import Document
from tools.looking.folder import Look, look_into
from tools.proving.pairs import look_into_pair
from tools.text.verify import show_verify
from tools.text.watching_proofs import bars
from tools.views.verify import DIFFER, Thoroughness, gather_agreement, gather_verify

_FOLDER = click.Path(path_type=Path)


@click.command(short_help="Proves that a folder is whole, or that two agree.")
@click.argument("a", required=False, type=_FOLDER)
@click.argument("b", required=False, type=_FOLDER)
@click.option("--deep", is_flag=True, help="Hash a relay's blobs, too.")
@library_id_option
@inspect_options
def verify(invocation: Invocation, a: Path | None, b: Path | None, deep: bool, library_id: str) -> None:
    """Proves that log, records and listings are one: every entry's signature and place, and that replaying all of them gives exactly what is stored.

    With two folders, of two devices or of a device and a relay, also copied ones: whether they agree, what each lacks of the other, the first record that
    differs, and the entry where they part. Who is merely behind is not damaged: that ends with exit code 0, in --json with "agree": false. Exit code 3
    when something is damaged, or when the same entries made different libraries.

    Without the device's keys, and in a relay's folder, the envelopes of entries are proven. Large libraries take up to a minute.

    \b
    Example: calotype-inspect verify
             calotype-inspect verify ~/Pictures/Calotype /mnt/phone/Calotype
             calotype-inspect verify /srv/calotype --deep
    """
    how = Thoroughness(deep=deep)
    with bars(wanted=invocation.interactive) as watched:
        look: Look[Document]
        if a is not None and b is not None:
            gather_both = partial(gather_agreement, how=how, watched=watched)
            look = look_into_pair(a.expanduser().absolute(), b.expanduser().absolute(), gather_both, library_id=library_id)
        else:
            folder = invocation.library if a is None else a.expanduser().absolute()
            look = look_into(folder, partial(gather_verify, how=how, watched=watched), library_id=library_id)
    agreement = look.result["agreement"]
    is_different = agreement is not None and agreement["state"] == DIFFER
    answer(invocation, look, show_verify, code=ExitCode.INTEGRITY if is_different else ExitCode.DONE)
