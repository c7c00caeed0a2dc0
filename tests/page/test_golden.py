"""``golden/pixels.json``, against which the browser's rendering is held, is what the peers render."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.page.make_golden import PATH, cases, golden

WRITTEN = json.loads(PATH.read_text(encoding="utf-8"))
TOLERANCE = 1


def test_it_has_all_cases_of_the_same_source() -> None:
    made = golden()
    assert made["source"] == WRITTEN["source"]
    assert {name: case["parameters"] for name, case in made["cases"].items()} == {
        name: case["parameters"] for name, case in WRITTEN["cases"].items()
    }


@pytest.mark.parametrize("name", cases())
def test_its_pixels_are_what_a_peer_renders(name: str) -> None:
    made, written = golden()["cases"][name], WRITTEN["cases"][name]
    assert (made["width"], made["height"]) == (written["width"], written["height"])
    first, second = (np.frombuffer(bytes.fromhex(case["pixels"]), np.uint8).astype(np.int16) for case in (made, written))
    assert np.abs(first - second).max() <= TOLERANCE
