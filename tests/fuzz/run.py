"""Runs targets under the fuzzer, one process each, and says what came of it.

A target's inputs are its seeds, its corpus, and what earlier runs with the same folder found. What is new goes into that folder, never into the
tree: who wants to keep an input puts it into ``tests/fuzz/corpus`` with a line that says why.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from tests.fuzz.registry import TARGETS
from tests.fuzz.seeds import inputs_in, kept
from tests.fuzz.shrinking import failure_of, shrunk
from tests.fuzz.target import Target

_GRACE_SECONDS = 60
_SHRINKING_SECONDS = 10.0
_SLOW_SECONDS = 5
"""An input that takes longer is a find."""

_MEMORY_MIB = 1024
_RAISED = re.compile(r"-crash-[0-9a-f]+$")
_WRITTEN = re.compile(r"Test unit written to (.+)$", re.MULTILINE)
_PROGRESS = re.compile(r"cov: (\d+) ft:")
_EXECUTED = re.compile(r"^(?:stat::number_of_executed_units:|Done) *(\d+)", re.MULTILINE)


class FuzzerFailedError(Exception):
    """The fuzzer ended without an input to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process did. ``edges``: how much code was covered; ``find``: the file with the input that ended it, if one did; ``output``: all
    that it said."""

    executions: int
    edges: int
    new_inputs: int
    find: Path | None
    output: str


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[TARGET]…", type=click.Choice(list(TARGETS)))
@click.option(
    "--seconds", type=click.FloatRange(1), default=120.0, show_default=True, help="For all targets together; each gets its share."
)
@click.option(
    "--inputs", type=click.Path(path_type=Path, file_okay=False), help="Where new inputs are kept and taken up again. [default: nowhere]"
)
@click.option("--replay", metavar="HEX|FILE", help="Run one TARGET on these bytes only, without the fuzzer.")
@click.option("--list", "is_list", is_flag=True, help="Say which targets there are and what each promises.")
def fuzz(names: tuple[str, ...], seconds: float, inputs: Path | None, replay: str | None, is_list: bool) -> None:
    """Feed targets with bytes that nobody thought of, guided by the code that they reach. Without a TARGET, all of them.

    A find ends its target: it is made shorter, printed in hexadecimal, and can be replayed. Exit code 1 when there was one.
    """
    if is_list:
        for target in TARGETS.values():
            click.echo(f"{target.name:18} {target.promises}")
        return
    if replay is not None:
        sys.exit(_replay(_only(names), _inputs_of(replay)))
    if importlib.util.find_spec("atheris") is None:
        raise click.ClickException("the fuzzer isn't installed; `make fuzz` does that, or: pip install --editable '.[dev,fuzz]'")
    chosen = [TARGETS[name] for name in names or TARGETS]
    with _folder(inputs) as folder:
        finds = sum([_fuzz(target, seconds / len(chosen), folder) for target in chosen])
    click.echo(f"{len(chosen)} targets, {finds} finds")
    sys.exit(1 if finds else 0)


def _fuzz(target: Target, seconds: float, folder: Path) -> bool:
    """Runs ``target`` and says what it did; whether it found something."""
    try:
        run = run_target(target, seconds, folder)
    except FuzzerFailedError as error:
        click.echo(f"{target.name}: the fuzzer itself failed\n{error}")
        return True
    click.echo(f"{target.name:18} {run.executions:>9,} executions  {run.edges:>5,} edges  {run.new_inputs:>4} new inputs")
    if run.find is None:
        return False
    data = run.find.read_bytes()
    if _RAISED.search(run.find.name):
        data = shrunk(target.check, data, seconds=_SHRINKING_SECONDS)
        failure = failure_of(target.check, data)
        click.echo(f"{target.name}: {type(failure).__name__}: {failure}")
    else:
        click.echo(f"{target.name}: too slow, or too much memory\n{_last_lines(run.output)}")
    click.echo(f"{data.hex()}\nreplay: python -m tests.fuzz {target.name} --replay '{data.hex()}'")
    return True


def run_target(target: Target, seconds: float, folder: Path) -> Run:
    """One process of the fuzzer on ``target``; new inputs go into ``folder``. ``FuzzerFailedError``."""
    found, finds = folder / target.name, folder / "finds"
    for each in (found, finds):
        each.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    with tempfile.TemporaryDirectory(prefix="calotype-fuzz-") as scratch:
        for name, data in inputs_of(target).items():
            (Path(scratch) / name).write_bytes(data)
        options = {
            "max_total_time": max(1, round(seconds)),
            "timeout": _SLOW_SECONDS,
            "rss_limit_mb": _MEMORY_MIB,
            "max_len": target.longest,
            "artifact_prefix": f"{finds}/{target.name}-",
            "print_final_stats": 1,
        }
        command = [sys.executable, "-m", "tests.fuzz.engine", target.name, *(f"-{name}={value}" for name, value in options.items())]
        output, code = _run([*command, str(found), scratch], seconds + _GRACE_SECONDS)
    find = _WRITTEN.search(output)
    if code and find is None:
        raise FuzzerFailedError(_last_lines(output))
    progress, executed = _PROGRESS.findall(output), _EXECUTED.findall(output)
    return Run(
        executions=int(executed[-1]) if executed else 0,
        edges=int(progress[-1]) if progress else 0,
        new_inputs=len(set(found.iterdir()) - before),
        find=Path(find[1]) if find else None,
        output=output,
    )


def _run(command: list[str], seconds: float) -> tuple[str, int]:
    """What the command says, and its exit code."""
    try:
        process = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise FuzzerFailedError(f"it didn't end after {seconds:.0f} seconds") from error
    return process.stdout, process.returncode


def inputs_of(target: Target) -> Mapping[str, bytes]:
    """What a target begins from: its seeds and its corpus, by name."""
    seeds = {f"seed-{name}": data for name, data in target.seeds().items()}
    return seeds | kept(target.name)


def _replay(target: Target, inputs: Sequence[bytes]) -> int:
    """Runs all of ``inputs`` or the first that fails; the exit code."""
    for data in inputs:
        failure = failure_of(target.check, data)
        if failure is not None:
            click.echo("".join(traceback.format_exception(failure)), nl=False)
            return 1
    click.echo(f"{target.name}: {len(inputs)} inputs, every promise holds")
    return 0


def _only(names: tuple[str, ...]) -> Target:
    if len(names) != 1:
        raise click.UsageError("--replay needs one TARGET")
    return TARGETS[names[0]]


def _inputs_of(text: str) -> list[bytes]:
    """Hexadecimal digits, or a file: a ``.hex`` file as in the corpus, else the bytes as they are."""
    try:
        return [bytes.fromhex(text)]
    except ValueError:
        path = Path(text)
    try:
        return inputs_in(path) if path.suffix == ".hex" else [path.read_bytes()]
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{text!r} is neither hexadecimal nor a file of inputs") from error


def _last_lines(output: str) -> str:
    return "\n".join(output.splitlines()[-20:])


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=True)
        yield chosen.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="calotype-fuzz-") as folder:
        yield Path(folder)


if __name__ == "__main__":
    fuzz()
