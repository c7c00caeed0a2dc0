"""``python -m tests.bench [NAMES…] [--quick] [--assets N] [--json FILE]``: the figures of ARCHITECTURE.md, "Budgets"."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pathlib import Path

import click
import trio
from rich.console import Console

from tests.bench.figures import Figure, Result, show
from tests.bench.machine import describe_machine
from tests.bench.stage import Scale

Measure = Callable[[Path, Scale], Awaitable[list[Figure]]]
BENCHMARKS: Mapping[str, str] = {
    "latency": "tests.bench.latency",
    "wire": "tests.bench.wire",
    "edits": "tests.bench.editing",
    "watched": "tests.bench.watching",
    "log": "tests.bench.log_bytes",
    "albums": "tests.bench.album_moves",
    "import": "tests.bench.importing",
    "blobs": "tests.bench.blobs",
    "memory": "tests.bench.memory",
    "newcomer": "tests.bench.newcomer",
    "start": "tests.bench.start",
    "evicting": "tests.bench.evicting",
    "lan": "tests.bench.lan",
    "inspector": "tests.bench.inspecting",
    "gallery": "tests.bench.gallery",
}
"""In the order in which they run. Each module has ``METHOD`` and ``measure``, and is given an empty folder."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--quick", is_flag=True, help="Fewer repetitions and smaller amounts: under a minute.")
@click.option("--assets", type=click.IntRange(100), default=None, help="Assets that a new device has to learn of. [default: 10,000]")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures there too.")
@click.option("--scratch", type=click.Path(path_type=Path, file_okay=False, exists=True), help="On whose disk to measure.")
def bench(names: tuple[str, ...], quick: bool, assets: int | None, json_file: Path | None, scratch: Path | None) -> None:
    """Measure, and print each figure beside its budget. Exit code 1 when a budget isn't kept."""
    folder = Path(tempfile.mkdtemp(prefix="calotype-bench-", dir=scratch))
    _keep_bytecode(folder / "bytecode")
    try:
        scale = Scale(quick=quick, assets=assets or (2_000 if quick else 10_000))
        machine = describe_machine(folder)
        results = [_run(name, folder / name, scale) for name in names or BENCHMARKS]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    show(results, machine)
    if json_file is not None:
        document = {"machine": machine, "quick": quick, "results": [result.to_json() for result in results]}
        json_file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    sys.exit(any(figure.holds is False for result in results for figure in result.figures))


def _keep_bytecode(folder: Path) -> None:
    """Programs start from bytecode that was kept, as everywhere, also where the environment says that nothing may be kept."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder)


def _run(name: str, folder: Path, scale: Scale) -> Result:
    module = import_module(BENCHMARKS[name])
    measure: Measure = module.measure
    folder.mkdir()
    start = time.perf_counter()
    with Console(stderr=True).status(f"{name} …"):
        figures = trio.run(measure, folder, scale)
    shutil.rmtree(folder)
    return Result(benchmark=name, method=module.METHOD, figures=figures, seconds=time.perf_counter() - start)


if __name__ == "__main__":
    bench()
