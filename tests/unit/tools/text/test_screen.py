"""What a terminal gets, and what a pipe gets."""

from __future__ import annotations

import re

import pytest

from tools.text.screen import Screen

COMMAND = "calotype set 3f2a caption=" + "x" * 90


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Screen:
    """Of sixty columns, without colours."""
    monkeypatch.setattr("tools.text.screen.sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    return Screen()


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


def test_a_line_goes_on_below_its_beginning(terminal: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.line("word " * 30, indent=4)
    lines = said(capsys)
    assert len(lines) == 3
    assert all(line.startswith("    word") and len(line) <= 60 for line in lines)


def test_an_empty_line(terminal: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.line("")
    assert said(capsys) == [""]


def test_no_line_end_comes_into_a_command(terminal: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.command(COMMAND, "as it was", indent=6)
    assert said(capsys) == [f"      {COMMAND}  as it was"]


def test_ids_and_times_stay_whole_beside_a_long_value(terminal: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.table(("value", "time", "entry"), [("y" * 100, "2026-11-23 05:19:06Z", "94f9d5fd39:4")])
    lines = said(capsys)
    assert lines[1].rstrip().endswith("2026-11-23 05:19:06Z  94f9d5fd39:4")
    assert sum(line.count("y") for line in lines[1:]) == 100
    assert max(map(len, lines)) <= 60


def test_nothing_wraps_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.line("word " * 30, indent=2)
    screen.command(COMMAND)
    screen.table(("value", "entry"), [("y" * 100, "94f9d5fd39:4")])
    assert said(capsys) == ["  " + "word " * 30, COMMAND, "y" * 100 + "\t94f9d5fd39:4"]
