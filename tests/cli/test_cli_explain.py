import json

import pytest

TOTAL = "PREDICT SUM(orders.total, 0, 90, days) FOR customers.id = 8"
CHANNEL = "PREDICT orders.channel FOR EACH orders.id"


def test_json_has_the_documented_keys(relfm, shop, churn):
    outcome = relfm("explain", shop, churn, "--for", "8", "--effort", "fast", "--json")
    assert outcome.code == 0, outcome.err
    made = json.loads(outcome.out)
    (row,) = made["rows"]
    assert (row["id"], made["explained"]) == (8, "probability of yes")
    assert made["answer"] == row["probability"]
    assert sum(fact["effect"] for fact in made["facts"]) == pytest.approx(made["answer"] - made["usual"])
    assert {"fact", "effect", "error", "feature", "value", "usual"} == set(made["facts"][0])
    assert {"expert", "weight", "answer"} == set(made["experts"][0])
    assert {"cutoff", "target"} == set(made["past"][0])
    assert {"id", "cutoff", "target"} == set(made["similar"][0])


def test_the_report_is_to_be_read(relfm, shop):
    outcome = relfm("explain", shop, TOTAL, "--effort", "fast")
    assert outcome.code == 0, outcome.err
    for words in ("customers id 8, at 2025-12", "median\n", "usual, the mean answer", "Facts", "Experts", "Its past"):
        assert words in outcome.out
    assert "median" in outcome.out.partition("Others like it")[2]


def test_classes_are_told_by_their_shares(relfm, shop):
    outcome = relfm("explain", shop, CHANNEL, "--for", "100", "--effort", "fast")
    assert outcome.code == 0, outcome.err
    assert "probability of " in outcome.out
    assert "%" in outcome.out.partition("Others like it")[2]


def test_one_entity_is_explained(relfm, shop, churn):
    outcome = relfm("explain", shop, churn, "--for", "1,2")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--for names 2 rows" in outcome.err
    outcome = relfm("explain", shop, churn)
    assert (outcome.code, outcome.out) == (2, "")
    assert "name the row with --for" in outcome.err
