import json

import pytest
import yaml

LISTS = "PREDICT LIST_DISTINCT(orders.handled_by, 0, 30, days) RANK TOP 3 FOR EACH customers.id"
SEGMENT = "PREDICT customers.segment FOR EACH customers.id WHERE customers.segment IS NULL"
TOTAL = "PREDICT SUM(orders.total, 0, 90, days) FOR EACH customers.id"


def planned(outcome) -> dict:
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_json_has_the_documented_keys(relfm, shop, churn):
    plan = planned(relfm("plan", shop, churn, "--json"))
    assert plan["task"]["kind"] == "binary"
    assert plan["task"]["entity"] == "customers"
    assert plan["task"]["horizon"] == "30 days"
    assert "timestamps" in plan["label_sql"]
    assert 0 < plan["base_rate"] < 1
    assert plan["cutoffs"] == sorted(plan["cutoffs"], reverse=True)
    assert plan["visible_rows"]["customers"] == 150


@pytest.mark.parametrize(("question", "kind"), [(LISTS, "ranking"), (SEGMENT, "multiclass"), (TOTAL, "regression")])
def test_every_kind_has_a_plan(relfm, shop, question, kind):
    plan = planned(relfm("plan", shop, question, "--json"))
    assert plan["task"]["kind"] == kind
    assert plan["context_rows"] > 0
    assert relfm("plan", shop, question).code == 0


def test_classes_have_shares_that_add_up(relfm, shop):
    plan = planned(relfm("plan", shop, SEGMENT, "--json"))
    assert set(plan["base_rate"]) == set(plan["task"]["classes"])
    assert sum(plan["base_rate"].values()) == pytest.approx(1)
    assert plan["task"]["hidden"] == ["customers.segment"]


def test_no_window_of_the_context_closes_after_the_prediction(relfm, shop, churn):
    plan = planned(relfm("plan", shop, churn, "--json", "--at", "2024-06-30"))
    assert plan["at"] == "2024-06-30"
    assert "2024-05-25" < max(plan["cutoffs"]) <= "2024-05-31"


def test_fewer_rows_are_visible_earlier(relfm, shop, churn):
    early = planned(relfm("plan", shop, churn, "--json", "--at", "2023-01-01"))["visible_rows"]
    late = planned(relfm("plan", shop, churn, "--json"))["visible_rows"]
    assert early["orders"] < late["orders"]


def test_a_moment_long_after_the_data_is_warned_of_and_teaches_nothing_false(relfm, shop, churn):
    outcome = relfm("plan", shop, churn, "--json", "--at", "2030-01-01")
    plan = planned(outcome)
    assert "the answers are stale" in outcome.err
    assert max(plan["cutoffs"]) < "2026"
    usual = planned(relfm("plan", shop, churn, "--json"))  # at the end of all tables, an hour after the last order
    assert plan["base_rate"] == pytest.approx(usual["base_rate"], abs=0.002)


def test_the_report_reads_the_question_in_english(relfm, shop, churn):
    out = relfm("plan", shop, churn).out
    assert out.startswith("For every row of customers: the probability that there are no orders in the next 30 days.")
    for title in ("Task", "Prediction", "Cutoffs", "Labels", "Base rate", "Rows visible", "Cost", "SELECT"):
        assert title in out


def test_the_question_alone_is_asked_of_the_default_database(relfm, shop, churn, monkeypatch):
    monkeypatch.setenv("RELFM_DATABASE_URL", str(shop))
    assert relfm("plan", churn).out == relfm("plan", shop, churn).out


@pytest.mark.parametrize(
    ("target", "file"), [("churn", "churn/manifest.yaml"), ("tasks/churn.yaml", "tasks/churn.yaml")]
)
def test_a_question_is_exported_as_a_task_manifest(relfm, shop, churn, tmp_path, target, file):
    outcome = relfm("plan", shop, churn, "--export", target)
    assert outcome.code == 0, outcome.err
    manifest = yaml.safe_load((tmp_path / file).read_text())
    assert manifest["name"] == "churn"
    assert manifest["task_type"] == "binary_classification"
    assert manifest["entity_table"] == "customers"


def test_an_exported_task_is_taken_in_place_of_a_question(relfm, shop, churn):
    relfm("plan", shop, churn, "--export", "task.yaml")
    again, plan = (planned(relfm("plan", shop, *ask, "--json")) for ask in (("--label-sql", "task.yaml"), (churn,)))
    assert again["label_sql"] == plan["label_sql"]
    for fact in ("kind", "entity", "horizon"):
        assert again["task"][fact] == plan["task"][fact]


def test_label_sql_stands_in_for_a_question(relfm, shop, tmp_path):
    (tmp_path / "busy.sql").write_text(
        "-- entity: customers\n-- horizon: 30 days\n-- kind: binary\n"
        "SELECT t.timestamp, c.id, count(o.id) > 1 AS label FROM timestamps t CROSS JOIN customers c\n"
        "LEFT JOIN orders o ON o.customer_id = c.id AND o.created > t.timestamp\n"
        "  AND o.created <= t.timestamp + INTERVAL '{timedelta}'\nGROUP BY ALL"
    )
    plan = planned(relfm("plan", shop, "--label-sql", "busy.sql", "--json"))
    assert (plan["task"]["kind"], plan["task"]["entity"], plan["question"]) == ("binary", "customers", "busy")
