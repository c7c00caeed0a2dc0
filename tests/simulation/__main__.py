"""``python -m tests.simulation``: see the package."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.simulation.determinism import begin_again_with_fixed_hashing

begin_again_with_fixed_hashing()

from tests.simulation.history import History  # noqa: E402
from tests.simulation.oracle import Complaint  # noqa: E402
from tests.simulation.profiles import PROFILES  # noqa: E402
from tests.simulation.runner import Result, run  # noqa: E402
from tests.simulation.shrink import shrink  # noqa: E402

TOLD_OF_A_KIND = 3
EXAMPLES = """examples:
  python -m tests.simulation --seed 7                the story of one seed
  python -m tests.simulation --seeds 1..50           many seeds; ends at the first that fails
  python -m tests.simulation --seed 7 --shrink       the shortest history of this seed that still fails
  python -m tests.simulation --history FILE          a history that was kept
"""


def main() -> int:
    options = _options()
    if options.history is not None:
        return _show(run(History.from_json(options.history.read_text("utf-8")), print), options.profile, options.history)
    profile = PROFILES[options.profile]
    if options.seed is not None:
        result = run(profile.history(options.seed), None if options.shrink else print)
        return _shrink(result, options) if options.shrink and result.complaints else _show(result, options.profile, options.seed)
    return _many(options)


def _many(options: argparse.Namespace) -> int:
    first, _, last = options.seeds.partition("..")
    counts, simulated, seconds, failed = Counter[str](), 0.0, 0.0, 0
    for seed in range(int(first), int(last or first) + 1):
        result = run(PROFILES[options.profile].history(seed))
        counts.update(result.counts)
        simulated, seconds = simulated + result.simulated, seconds + result.seconds
        if not result.complaints:
            print(
                f"seed {seed}: all is well ({len(result.history.steps)} steps, {result.simulated / 3600:.1f} h in {result.seconds:.1f} s)",
                flush=True,
            )
            continue
        failed += 1
        _report(result.complaints, options.profile, seed)
        if not options.go_on:
            break
    hours = simulated / 3600
    print(f"{hours:.0f} hours of the world's time in {seconds:.0f} s: {hours / max(seconds, 0.001):.0f} hours a second")
    if options.counts:
        for name, count in sorted(counts.items()):
            print(f"  {count:>6}  {name}")
    return 1 if failed else 0


def _show(result: Result, profile: str, seed: object) -> int:
    if not result.complaints:
        print(f"all is well ({result.simulated / 3600:.1f} h in {result.seconds:.1f} s)")
        return 0
    _report(result.complaints, profile, seed)
    return 1


def _report(complaints: Iterable[Complaint], profile: str, seed: object) -> None:
    print(f"seed {seed} fails:")
    told = Counter[str]()
    for complaint in complaints:
        told[complaint.kind] += 1
        if told[complaint.kind] <= TOLD_OF_A_KIND:
            print(f"  {complaint}")
    for kind, count in told.items():
        if count > TOLD_OF_A_KIND:
            print(f"  {kind}: … {count - TOLD_OF_A_KIND} more")
    print(f"again:    python -m tests.simulation --profile {profile} --seed {seed}")
    print(f"shorter:  python -m tests.simulation --profile {profile} --seed {seed} --shrink", flush=True)


def _shrink(result: Result, options: argparse.Namespace) -> int:
    kind = result.complaints[0].kind
    tried = 0

    def fails(history: History) -> bool:
        nonlocal tried
        tried += 1
        found = any(complaint.kind == kind for complaint in run(history).complaints)
        if found:
            print(f"  {len(history.steps)} steps, {history.devices} devices, {history.relays} relays (after {tried} runs)", file=sys.stderr)
        return found

    shortest = shrink(result.history, fails)
    _report(run(shortest, print).complaints, options.profile, options.seed)
    if options.keep is not None:
        options.keep.write_text(shortest.to_json() + "\n", "utf-8")
    else:
        print(shortest.to_json())
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description="A fleet of devices and relays in one process, from a seed; everything breaks, and nothing may be lost.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seed", type=int, help="one seed, with its story")
    what.add_argument("--seeds", metavar="A..B", help="all of these seeds, until one fails")
    what.add_argument("--history", type=Path, metavar="FILE", help="a history that was kept")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="ordinary", help="what kind of histories")
    parser.add_argument("--shrink", action="store_true", help="with --seed: look for the shortest history that still fails")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="with --shrink: where to write it")
    parser.add_argument("--go-on", action="store_true", help="with --seeds: don't end at the first that fails")
    parser.add_argument("--counts", action="store_true", help="with --seeds: how often everything happened")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
