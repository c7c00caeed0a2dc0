"""``python -m tests.mutants``: puts each deliberate bug into a copy of the project and looks who notices it.

Prints a table, one row a bug. Ends with code 0 when all were caught, 1 when one wasn't, 2 when the project isn't clean without any.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

import trio

from tests.mutants.catalogue import UnknownMutantError, chosen
from tests.mutants.hunting import Finding, Plan, hunt_all, why_not_clean
from tests.mutants.mutant import Mutant

NOT_CLEAN = 2


def main() -> int:
    arguments = _parser().parse_args()
    try:
        mutants = chosen(arguments.names)
    except UnknownMutantError as error:
        print(error, file=sys.stderr)
        return NOT_CLEAN
    plan = Plan(first_seed=arguments.first_seed, seeds=arguments.seeds, is_whole=not arguments.suspects_only)
    findings = trio.run(partial(_hunt, plan, mutants, jobs=arguments.jobs, is_checked=not arguments.unchecked))
    if findings is None:
        return NOT_CLEAN
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([finding.to_json() for finding in findings], indent=1) + "\n", "utf-8")
    caught = sum(finding.is_caught for finding in findings)
    print(f"{caught} of {len(findings)} bugs were caught.")
    return 0 if caught == len(findings) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="bugs by name; all when none is given")
    parser.add_argument("--seeds", type=int, default=20, help="of the simulator, for each bug at most; 0: without the simulator")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--suspects-only", action="store_true", help="not the whole unit part where the suspects notice nothing")
    parser.add_argument("--unchecked", action="store_true", help="take it for granted that the project is clean without a bug")
    parser.add_argument("--jobs", type=int, default=2, help="how many bugs at a time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table there too")
    return parser


async def _hunt(plan: Plan, mutants: tuple[Mutant, ...], *, jobs: int, is_checked: bool) -> list[Finding] | None:
    if is_checked and (reason := await why_not_clean(plan, mutants)):
        print(f"Without any bug something is red already: {reason}", file=sys.stderr)
        return None
    return await hunt_all(plan, mutants, jobs=jobs, found=lambda finding: print(_row(finding), flush=True))


def _row(finding: Finding) -> str:
    by = "NOT CAUGHT" if finding.by == "nothing" else finding.by
    after = "" if finding.after_seeds is None else f" after {finding.after_seeds}"
    return f"| {finding.name} | {finding.what} | {by}{after} | {finding.how} |"


if __name__ == "__main__":
    sys.exit(main())
