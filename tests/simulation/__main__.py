"""``python -m tests.simulation``: see the package."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing import Pool
from pathlib import Path

from tests.simulation.determinism import begin_again_with_fixed_hashing

begin_again_with_fixed_hashing()

from tests.simulation.history import History  # noqa: E402
from tests.simulation.keeping import FOLDER, Kept, keep, kept, read_kept  # noqa: E402
from tests.simulation.oracle import Complaint  # noqa: E402
from tests.simulation.profiles import PROFILES  # noqa: E402
from tests.simulation.runner import Result, run  # noqa: E402
from tests.simulation.shrink import shrink  # noqa: E402

TOLD_OF_A_KIND = 3
RUNS_OF_A_PROCESS = 8
EXAMPLES = """examples:
  python -m tests.simulation --seed 7                       one seed, and its story
  python -m tests.simulation --seeds 1..50 --jobs 2         many; what fails is printed with the command that replays it
  python -m tests.simulation --seed 7 --shrink              the shortest history of this seed that still fails
  python -m tests.simulation --kept                         the histories that failed once
  python -m tests.simulation --history NAME                 one of them, and its story
"""


def main() -> int:
    options = _options()
    profile = PROFILES[options.profile]
    if options.history is not None:
        return _one(options.history.history, f"--history {options.history.name}", options)
    if options.seed is not None:
        return _one(profile.history(options.seed), f"--profile {profile.name} --seed {options.seed}", options)
    plans = [(f"kept {each.name}", each.history) for each in kept()] if options.kept else []
    plans += [(f"{profile.name} seed {seed}", profile.history(seed)) for seed in options.seeds or ()]
    return _many(plans, options)


def _one(history: History, again: str, options: argparse.Namespace) -> int:
    result = run(history, None if options.shrink else print)
    if not (options.shrink and result.complaints):
        return _told(result, again)
    shortest = _shrunk(result)
    _report(run(shortest, print).complaints, again)
    path = options.keep or FOLDER / f"{history.seed.replace(' ', '-')}.json"
    keep(path, shortest, "; ".join(sorted({complaint.kind for complaint in result.complaints})))
    print(f"kept in {path.name}: say there what was wrong")
    return 1


def _many(plans: list[tuple[str, History]], options: argparse.Namespace) -> int:
    counts, failed = Counter[str](), Counter[str]()
    simulated = seconds = 0.0
    for (name, history), result in zip(plans, _results([history for _, history in plans], options.jobs), strict=False):
        counts.update(result.counts)
        simulated, seconds = simulated + result.simulated, seconds + result.seconds
        if not result.complaints:
            print(
                f"{name}: all is well ({len(history.steps)} steps, {result.simulated / 3600:.1f} h in {result.seconds:.1f} s)", flush=True
            )
            continue
        kind, _, label = name.partition(" ")
        failed[kind] += 1
        print(f"{name} fails:")
        _report(result.complaints, f"--history {label}" if kind == "kept" else f"--profile {kind} --{label}")
        if not options.go_on:
            break
    hours = simulated / 3600
    print(
        f"{failed.total()} of {len(plans)} failed; {hours:.0f} hours of the world's time in {seconds:.0f} s: {hours / max(seconds, 0.001):.0f} hours a second"
    )
    if options.counts:
        for act, count in sorted(counts.items()):
            print(f"  {count:>6}  {act}")
    return 1 if failed else 0


def _results(histories: list[History], jobs: int) -> Iterator[Result]:
    if jobs == 1:
        yield from map(run, histories)
        return
    with Pool(jobs, maxtasksperchild=RUNS_OF_A_PROCESS) as pool:
        yield from pool.imap(run, histories)


def _told(result: Result, again: str) -> int:
    if not result.complaints:
        print(f"all is well ({result.simulated / 3600:.1f} h in {result.seconds:.1f} s)")
        return 0
    print("this fails:")
    _report(result.complaints, again)
    return 1


def _report(complaints: Iterable[Complaint], again: str) -> None:
    told = Counter[str]()
    for complaint in complaints:
        told[complaint.kind] += 1
        if told[complaint.kind] <= TOLD_OF_A_KIND:
            print(f"  {complaint}")
    for kind, count in told.items():
        if count > TOLD_OF_A_KIND:
            print(f"  {kind}: … {count - TOLD_OF_A_KIND} more")
    print(f"again:    python -m tests.simulation {again}")
    print(f"shorter:  python -m tests.simulation {again} --shrink", flush=True)


def _shrunk(result: Result) -> History:
    kinds = {complaint.kind for complaint in result.complaints}
    tried = 0

    def fails(history: History) -> bool:
        nonlocal tried
        tried += 1
        found = any(complaint.kind in kinds for complaint in run(history).complaints)
        if found:
            print(f"  {len(history.steps)} steps, {history.devices} devices, {history.relays} relays (after {tried} runs)", file=sys.stderr)
        return found

    return shrink(result.history, fails)


def _seeds(text: str) -> range:
    first, _, last = text.partition("..")
    if not first.isdecimal() or not (last or first).isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds; write 1..50")
    return range(int(first), int(last or first) + 1)


def _kept(text: str) -> Kept:
    """By its name, or by the path of its file."""
    path = next((path for path in (Path(text), FOLDER / f"{text}.json") if path.is_file()), None)
    if path is None:
        raise argparse.ArgumentTypeError(f"there is no history {text!r}; known are {', '.join(each.name for each in kept())}")
    try:
        return read_kept(path)
    except (ValueError, KeyError, TypeError) as error:
        raise argparse.ArgumentTypeError(f"{path.name} holds no history") from error


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description="A fleet of devices and relays in one process, from a seed; everything breaks, and nothing may be lost.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, help="one seed, with its story")
    parser.add_argument("--seeds", type=_seeds, metavar="A..B", help="all of these seeds, until one fails")
    parser.add_argument("--kept", action="store_true", help="the histories that failed once")
    parser.add_argument("--history", type=_kept, metavar="NAME", help="one of them, with its story; or the path of a file")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="ordinary", help="what kind of histories")
    parser.add_argument(
        "--shrink", action="store_true", help="with --seed or --history: look for the shortest history that still fails, and keep it"
    )
    parser.add_argument("--keep", type=Path, metavar="FILE", help="with --shrink: where")
    parser.add_argument("--jobs", type=_positive, default=1, help="how many at once")
    parser.add_argument("--go-on", action="store_true", help="don't end at the first that fails")
    parser.add_argument("--counts", action="store_true", help="how often everything happened")
    options = parser.parse_args()
    if options.seed is options.seeds is options.history is None and not options.kept:
        parser.error("say which: --seed, --seeds, --kept or --history")
    return options


if __name__ == "__main__":
    sys.exit(main())
