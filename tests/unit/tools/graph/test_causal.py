"""The graph against its definition."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings

from tests.unit.tools.graph.models import Parents, are_concurrent, parents_of_entries, past_of, reduced, width_of
from tools.graph.causal import CausalGraph, bits
from tools.graph.layout import lay_out


@given(parents_of_entries())
def test_pasts_futures_and_what_is_concurrent(parents: Parents) -> None:
    graph = CausalGraph.of(parents)
    for node in range(len(parents)):
        assert set(bits(graph.pasts[node])) == past_of(parents, node)
        assert set(bits(graph.futures[node])) == {later for later in range(len(parents)) if node in past_of(parents, later)}
        concurrent = [other for other in range(len(parents)) if are_concurrent(parents, node, other)]
        assert list(graph.concurrent_with(node)) == concurrent
        assert graph.count_concurrent(node) == len(concurrent)


@given(parents_of_entries())
def test_the_reduction_has_no_edge_too_many_and_loses_nothing(parents: Parents) -> None:
    graph = CausalGraph.of(parents)
    assert [set(each) for each in graph.reduced] == reduced(parents)
    assert CausalGraph.of(graph.reduced) == graph


@given(parents_of_entries())
def test_heads_are_what_nothing_comes_after(parents: Parents) -> None:
    named = {parent for each in parents for parent in each}
    assert set(CausalGraph.of(parents).heads()) == set(range(len(parents))) - named


@settings(max_examples=150)
@given(parents_of_entries(at_most=8))
def test_the_width_is_the_largest_set_of_concurrent_entries(parents: Parents) -> None:
    assert CausalGraph.of(parents).width() == width_of(parents)


def test_what_names_something_later_is_no_graph() -> None:
    with pytest.raises(ValueError, match="can't come after"):
        CausalGraph.of([[], [2], []])


@given(parents_of_entries())
def test_a_lane_is_a_chain_of_one_log_and_lines_lead_forward(parents: Parents) -> None:
    graph = CausalGraph.of(parents)
    owners = [(f"device {node % 2}", f"log {node % 3 % 2 + 2 * (node % 2)}") for node in range(len(parents))]
    layout = lay_out(graph, owners)
    for later in range(len(parents)):
        assert layout.owners[layout.lanes[later]] == owners[later]
        assert all(layout.columns[parent] < layout.columns[later] for parent in parents[later])
        assert all(graph.is_before(other, later) for other in range(later) if layout.lanes[other] == layout.lanes[later])
    devices = [device for device, _ in layout.owners]
    assert devices == sorted(devices, key=devices.index), "lanes of one device lie side by side"


def test_two_thousand_entries_of_ten_devices_take_no_time() -> None:
    chance = Random(6)
    ends = [0] * 10
    parents: list[list[int]] = [[]]
    for node in range(1, 2000):
        writer = chance.randrange(10)
        parents.append([ends[writer], ends[chance.randrange(10)]])
        ends[writer] = node
    graph = CausalGraph.of(parents)
    assert 1 < graph.width() <= 10
    assert len(graph.heads()) <= 10
