"""PROTOCOL.md and README.md say what the code does: the tables that can be compared with it are."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import click
import pytest

from peer.commands.main import cli
from peer.errors import ExitCode
from relay.command_errors import ExitCode as RelayExitCode
from relay.commands import cli as relay_cli
from tools.commands.main import cli as inspect_cli

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "PROTOCOL.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")

UNITS = {
    "": 1,
    "bytes": 1,
    "bits": 1,
    "characters": 1,
    "KiB": 1024,
    "MiB": 1024**2,
    "seconds": 1,
    "minutes": 60,
    "hours": 3600,
    "days": 86_400,
}
LIMITS = re.findall(r"^\| .* \| ([0-9,]+) ?([A-Za-z]*) \| `([a-z0-9_.]+)\.([A-Z0-9_]+)` \|$", PROTOCOL, re.MULTILINE)
PROGRAMS = {"calotype": cli, "calotype-relay": relay_cli, "calotype-inspect": inspect_cli}


def _section(number: int) -> str:
    return PROTOCOL.split(f"\n## {number}. ")[1].split("\n## ")[0]


@pytest.mark.parametrize(("value", "unit", "module", "name"), LIMITS, ids=[f"{module}.{name}" for _, _, module, name in LIMITS])
def test_the_limits_are_those_of_the_code(value: str, unit: str, module: str, name: str) -> None:
    in_milliseconds = 1000 if name.endswith("_MS") else 1
    assert getattr(importlib.import_module(module), name) == int(value.replace(",", "")) * UNITS[unit] * in_milliseconds


def test_no_row_of_the_limits_is_passed_over() -> None:
    rows = [line for line in _section(9).splitlines() if line.startswith("| ") and not line.startswith("| what |")]
    assert len(rows) == len(LIMITS) > 50


def test_every_promise_is_shown_by_tests_that_exist() -> None:
    rows = [line for line in _section(8).splitlines() if line.startswith("| ") and not line.startswith("| concurrently |")]
    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)\(", sources))
    assert all(named)
    assert {name for names in named for name in names} <= defined


def test_links_lead_somewhere() -> None:
    for text in (README, PROTOCOL, *((ROOT / name).read_text("utf-8") for name in ("ARCHITECTURE.md", "CONTRIBUTING.md"))):
        for target, anchor in re.findall(r"\]\(([A-Z]+\.md|)(?:#([^)]+))?\)", text):
            linked = (ROOT / target).read_text("utf-8") if target else text
            headings = {
                re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", linked, re.MULTILINE)
            }
            assert not anchor or anchor in headings


def _typed() -> list[tuple[str, str]]:
    """The command lines of the README: program, and what follows."""
    blocks = "\n".join(re.findall(r"```\n(.*?)```", README, re.DOTALL))
    in_blocks = re.findall(r"^(?:\w*\$ |sudo -u \w+ |ExecStart=\S+/)*(calotype[a-z-]*) ([a-z][^#\n]*)", blocks, re.MULTILINE)
    in_text = re.findall(r"`(calotype[a-z-]*) ([a-z][^`\n]*)`", re.sub(r"```\n.*?```", "", README, flags=re.DOTALL))
    return [*in_blocks, *in_text]


def test_the_commands_and_options_that_the_readme_shows_exist() -> None:
    assert len(_typed()) > 25
    for program, words in _typed():
        group: click.Command | None = PROGRAMS[program]
        rest = words.split()
        while isinstance(group, click.Group) and not (group.invoke_without_command and rest[:1] in ([], ["--json"])):
            group = group.get_command(click.Context(group), rest.pop(0))
        assert group is not None, f"{program} {words}"
        known = {option for parameter in group.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, f"{program} {words}"


def test_the_exit_codes_are_those_of_both_programs() -> None:
    rows = [int(code) for code in re.findall(r"^\| ([0-9]) \| ", README, re.MULTILINE)]
    assert rows == [int(code) for code in ExitCode] == [int(code) for code in RelayExitCode]
