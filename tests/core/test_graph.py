"""The graph: relations by name, chains that know the latest time along them, and PyTorch Geometric's form of it."""

import numpy as np
import pytest
import torch
from small_shop import day, shop
from torch_geometric.data import HeteroData

from relfm.database import Database
from relfm.graph import TemporalGraph
from relfm.times import MISSING_TIME, TIMELESS


@pytest.fixture
def database() -> Database:
    return shop(
        users=[{"user_id": 5, "signup": 0}, {"user_id": 6, "signup": 1}],
        items=[{"item_id": 1}],
        orders=[
            {"order_id": 1, "user_id": 5, "item_id": 1, "ordered": 4},
            {"order_id": 2, "user_id": 6, "ordered": 2},
            {"order_id": 3, "user_id": 5, "item_id": 9, "ordered": 3},
        ],
        lines=[{"order_id": 1, "line_no": 1}, {"order_id": 3, "line_no": 1}, {"order_id": 3, "line_no": 2}],
        returns=[{"return_id": 1, "order_id": 1, "returned": 1}, {"return_id": 2, "order_id": 2}],
    )


def test_relations_are_found_in_both_directions(database: Database) -> None:
    graph = TemporalGraph(database)
    assert [str(r) for r in graph.children_of("orders")] == ["lines.order_id", "returns.order_id"]
    assert [str(r) for r in graph.parents_of("orders")] == ["orders.item_id", "orders.user_id"]
    assert [r.parent for r in graph.parents_of("orders")] == ["items", "users"]


def test_hidden_key_is_no_relation(database: Database) -> None:
    graph = TemporalGraph(database.hide([("orders", "user_id")]))
    assert [str(r) for r in graph.parents_of("orders")] == ["orders.item_id"]
    assert graph.children_of("users") == []


def test_children_are_in_time_order(database: Database) -> None:
    graph = TemporalGraph(database)
    links = graph.links(graph.children_of("users")[0])
    assert links.child[links.start[0] : links.start[1]].tolist() == [2, 0]
    assert graph.links(graph.children_of("users")[0]) is links


def test_chain_is_known_with_its_latest_link(database: Database) -> None:
    graph = TemporalGraph(database)
    (orders,), (_, returns) = graph.children_of("users"), graph.children_of("orders")
    links = graph.links(orders, returns)
    assert links.child.tolist() == [0]  # the other return has no time
    assert links.times.tolist() == [day(4)]  # returned before it was ordered: known with the order


def test_chain_through_an_empty_table_is_empty() -> None:
    graph = TemporalGraph(shop(users=[{"user_id": 1, "signup": 0}], lines=[{"order_id": 1, "line_no": 1}]))
    (orders,), (lines, _) = graph.children_of("users"), graph.children_of("orders")
    assert len(graph.links(orders, lines).child) == 0


def test_graph_is_heterogeneous_data_of_pytorch_geometric(database: Database) -> None:
    data = TemporalGraph(database).to_hetero_data()
    assert isinstance(data, HeteroData)
    assert data.validate()
    assert {t: data[t].num_nodes for t in data.node_types} == {n: database.num_rows(n) for n in database.tables}
    assert data["orders"].time.tolist() == [day(4), day(2), day(3)]
    assert data["items"].time.tolist() == [TIMELESS]
    assert data["returns"].time.tolist()[1] == MISSING_TIME
    forth, back = data["orders", "user_id", "users"].edge_index, data["users", "rev_user_id", "orders"].edge_index
    assert forth.tolist() == [[0, 1, 2], [0, 1, 0]]
    assert torch.equal(back, forth.flip(0))
    assert data["orders", "item_id", "items"].edge_index.tolist() == [[0], [0]]


def test_tensors_are_no_window_onto_the_database(database: Database) -> None:
    before = database.times("orders").copy()
    TemporalGraph(database).to_hetero_data()["orders"].time.zero_()
    np.testing.assert_array_equal(database.times("orders"), before)
