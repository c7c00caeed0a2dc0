"""What the benchmarks print and write."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.bench.card import shuffled
from tests.bench.figures import Budget, Figure, Result, show, spelled
from tests.fixtures.pictures import encoded, scene

BLOCK = 128 * 1024
"""What Syncthing compares."""


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "0.0123"), (3.14159, "3.14"), (42.0, "42"), (99.96, "100"), (123.4, "123"), (123456.7, "123,457")]
)
def test_values_have_the_digits_that_mean_something(value: float, text: str) -> None:
    assert spelled(value) == text


def test_a_budget_is_an_upper_or_a_lower_bound() -> None:
    assert Figure(name="bytes", value=2048, unit="B", budget=Budget(bound=2048)).holds
    assert not Figure(name="bytes", value=2049, unit="B", budget=Budget(bound=2048)).holds
    assert Figure(name="rate", value=30, unit="/s", budget=Budget(bound=30, at_least=True)).holds
    assert not Figure(name="rate", value=29.9, unit="/s", budget=Budget(bound=30, at_least=True)).holds
    assert Figure(name="memory", value=1, unit="MB").holds is None


def test_the_table_says_what_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    figures = [
        Figure(name="fast enough", value=1, unit="ms", budget=Budget(bound=2)),
        Figure(name="slow", value=3, unit="ms", budget=Budget(bound=2)),
    ]
    show([Result(benchmark="speed", method="By a clock.", figures=figures, seconds=1)], "a machine")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines if "≤ 2 ms" in line] == ["kept", "MISSED"]
    assert any("By a clock." in line for line in lines)


@pytest.mark.process
def test_figures_are_written_as_json(tmp_path: Path) -> None:
    report = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.bench", "start", "--quick", "--json", str(report), "--scratch", str(tmp_path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    document = json.loads(report.read_text("utf-8"))
    (result,) = document["results"]
    assert result["benchmark"] == "start"
    assert all(figure["value"] > 0 and figure["unit"] == "ms" for figure in result["figures"])
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def test_two_photographs_of_a_card_share_nothing_worth_saving() -> None:
    """Both are pictures, of the same length, and no block of one is anywhere in the other."""
    negative = encoded(scene(2000, 1500), "JPEG", restart_marker_rows=1)
    first, other = shuffled(negative, seed=1), shuffled(negative, seed=2)
    for each in (first, other):
        with Image.open(io.BytesIO(each)) as picture:
            picture.load()
            assert picture.size == (2000, 1500)
    assert len(first) == len(other) == len(negative)
    blocks = [first[start : start + BLOCK] for start in range(BLOCK, len(first) - BLOCK, BLOCK)]
    assert blocks
    assert not any(block in other for block in blocks)
