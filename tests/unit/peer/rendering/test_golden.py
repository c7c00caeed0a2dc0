"""The pixels of each edit are pinned: ``tests/golden/rendering/edits.json`` has width, height and the bytes of the sample after each case.

Other programs and machines may be off by 1 of 255 (PROTOCOL.md section 6.5), and so may this one.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from peer.rendering.pictures import render
from peer.rendering.reading import read_parameters
from tests.unit.peer.rendering.samples import CASES, pixels, sample

GOLDEN = json.loads((Path(__file__).parents[3] / "golden" / "rendering" / "edits.json").read_text())
TOLERANCE = 1


@pytest.mark.parametrize("case", CASES)
def test_the_pixels_of_an_edit_are_those_that_were_written_down(case: str) -> None:
    width, height, data = GOLDEN[case]
    expected = np.frombuffer(bytes.fromhex(data), np.uint8).reshape(height, width, 3).astype(np.int16)
    rendered = pixels(render(sample(), read_parameters(CASES[case]).parameters))
    assert rendered.shape == expected.shape
    assert np.abs(rendered - expected).max() <= TOLERANCE


def test_every_case_is_written_down() -> None:
    assert GOLDEN.keys() == CASES.keys()
