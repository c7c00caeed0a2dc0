"""The page: nothing in it can be mistaken for markup, nothing else can run in it, and it asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tools.graph.page import embedded, page, policy

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> & \u2028\u2029 ]]>"
EMPTY: dict[str, Any] = {"title": "", "summary": "", "cut": "", "record": "", "lanes": [], "nodes": []}


def parts_of(text: str, tag: str) -> list[str]:
    return re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_is_embedded_is_read_as_it_was(data: Any) -> None:
    text = embedded(data)
    assert json.loads(text) == data
    assert not set(text) & set("<>&\u2028\u2029")


def test_hostile_text_stays_inside_the_data() -> None:
    text = page({**EMPTY, "title": HOSTILE})
    data, script = parts_of(text, "script")
    assert json.loads(data)["title"] == HOSTILE
    assert text.count("<script") == text.count("</script") == 2
    assert "alert(1)" not in script


def test_the_policy_names_what_is_in_the_page_and_nothing_else() -> None:
    text = page(EMPTY)
    _, script = parts_of(text, "script")
    (style,) = parts_of(text, "style")
    (said,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert said == policy(script, style)
    rules = dict(rule.split(" ", 1) for rule in said.split("; "))
    assert rules["default-src"] == "'none'"
    for name, part in (("script-src", script), ("style-src", style)):
        assert rules[name] == f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"


def test_it_asks_nobody_for_anything() -> None:
    text = page(EMPTY).replace('"http://www.w3.org/2000/svg"', "")
    assert not re.search(
        r"https?:|url\(|@import|\bfetch\b|XMLHttpRequest|WebSocket|innerHTML|insertAdjacent|document\.write|\beval\b", text
    )
    assert not re.search(r'\s(?:src|style|on\w+)="', text)
    assert set(re.findall(r'href="([^"]*)"', text)) == {"#graph"}
