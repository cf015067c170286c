import json

import pytest

from relfm.schema import Schema


@pytest.fixture
def described(relfm, shop):
    return json.loads(relfm("describe", shop, "--json").out)["tables"]


def test_json_states_keys_links_times_and_stypes(described):
    assert set(described) >= {"customers", "orders", "order_lines", "products"}
    assert described["order_lines"]["primary_key"] == ["order_id", "line_no"]
    assert {"columns": ["customer_id"], "table": "customers", "other_columns": ["id"]} in described["orders"][
        "foreign_keys"
    ]
    assert described["orders"]["time_column"] == "created"
    assert described["orders"]["columns"]["channel"]["stype"] == "categorical"
    assert any("signup" in line for line in described["customers"]["inferred"])


def test_json_states_rows_and_the_range_of_time(described):
    assert described["customers"]["rows"] == 150
    first, last = described["orders"]["time_range"]
    assert "2021" < first < last < "2026"


def test_json_is_a_schema(described):
    assert Schema.from_dict({"tables": described}).table("orders").time_column == "created"


def test_the_report_shows_every_decision_that_nobody_declared(relfm, shop):
    outcome = relfm("describe", shop)
    assert outcome.code == 0
    assert "order_lines(order_id) → orders(id)" in outcome.out
    assert "orders: time_column created (inferred: " in outcome.out
    assert "support_tickets: suspect closed" in outcome.out


def test_what_is_written_overrides_what_is_inferred(relfm, shop, tmp_path):
    assert relfm("describe", shop, "--write", "relfm.toml").code == 0
    text = (tmp_path / "relfm.toml").read_text()
    assert 'time_column = "created"' in text
    (tmp_path / "relfm.toml").write_text(text.replace('time_column = "opened"', "time_column = false"))
    outcome = relfm("describe", shop, "--json")
    assert "schema facts from ./relfm.toml" in outcome.err
    tables = json.loads(outcome.out)["tables"]
    assert tables["support_tickets"]["time_column"] is None
    assert tables["orders"]["time_column"] == "created"


def test_a_named_schema_file_wins_over_the_one_that_lies_there(relfm, shop, tmp_path):
    (tmp_path / "relfm.toml").write_text("[tables.nowhere]\n")
    (tmp_path / "other.toml").write_text("[tables.orders]\ntime_column = 'shipped'\n")
    outcome = relfm("describe", shop, "--json", "--schema-file", "other.toml")
    assert json.loads(outcome.out)["tables"]["orders"]["time_column"] == "shipped"


def test_only_the_named_tables_are_read(relfm, shop):
    outcome = relfm("describe", shop, "--tables", "customers, orders", "--json")
    assert set(json.loads(outcome.out)["tables"]) == {"customers", "orders"}


def test_the_url_may_stand_in_a_variable(relfm, shop, monkeypatch):
    monkeypatch.setenv("RELFM_DATABASE_URL", str(shop))
    monkeypatch.setenv("MY_SHOP", str(shop))
    assert relfm("describe").out == relfm("describe", "@env:MY_SHOP").out == relfm("describe", shop).out


def test_without_a_terminal_nothing_moves_and_nothing_is_coloured(relfm, shop):
    outcome = relfm("describe", shop, "--no-cache")
    assert outcome.err == ""
    assert "\x1b" not in outcome.out


def test_verbose_names_what_is_read(relfm, shop):
    assert "reading customers (1 of 7)" in relfm("describe", shop, "--no-cache", "-v").err
