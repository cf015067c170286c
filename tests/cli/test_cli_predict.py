import io
import json
import re
import sqlite3

import pandas as pd
import pytest

SEGMENT = "PREDICT customers.segment FOR EACH customers.id WHERE customers.segment IS NULL"
TOTAL = "PREDICT SUM(orders.total, 0, 90, days) FOR EACH customers.id"


@pytest.fixture
def predict(relfm, shop):
    """``relfm predict`` on the shop with the least effort."""
    return lambda *arguments: relfm("predict", shop, *arguments, "--effort", "fast", "--limit", "6")


def test_a_binary_file_has_the_documented_columns(predict, churn, tmp_path):
    outcome = predict(churn, "-o", "out/churn.csv", "--at", "2025-06-30")
    assert (outcome.code, outcome.out) == (0, ""), outcome.err
    rows = pd.read_csv(tmp_path / "out" / "churn.csv")
    assert list(rows.columns) == ["id", "cutoff", "prediction", "probability", "baseline"]
    assert rows["id"].tolist() == [1, 2, 3, 4, 5, 6]
    assert set(rows["cutoff"]) == {"2025-06-30T00:00:00"}
    assert rows["probability"].between(0, 1).all()
    assert "wrote 6 rows to out/churn.csv" in outcome.err


def test_numbers_come_with_quantiles_named_after_the_interval(predict):
    outcome = predict(TOTAL, "-f", "csv", "--interval", "0.95")
    rows = pd.read_csv(io.StringIO(outcome.out))
    assert list(rows.columns) == ["id", "cutoff", "prediction", "q2.5", "q50", "q97.5", "mean", "baseline"]
    assert (rows["q2.5"] <= rows["q97.5"]).all()


def test_classes_come_with_a_probability_each(predict):
    rows = pd.DataFrame([json.loads(line) for line in predict(SEGMENT).out.splitlines()])
    shares = [name for name in rows if name.startswith("p_")]
    assert shares == ["p_business", "p_consumer", "p_family", "p_student"]
    assert rows[shares].sum(axis=1).tolist() == pytest.approx([1.0] * len(rows))


def test_the_named_entities_are_predicted_in_their_order(predict, churn, tmp_path):
    (tmp_path / "ids.csv").write_text("city,id\nx,9\ny,4\n")
    rows = [json.loads(line) for line in predict(churn, "--for", "@ids.csv").out.splitlines()]
    assert [row["id"] for row in rows] == [9, 4]


def test_json_tells_the_whole_story(predict, churn):
    outcome = predict(churn, "--json", "--seed", "3")
    told = json.loads(outcome.out)
    assert told["task"] == {"kind": "binary", "entity": "customers", "horizon": "30 days"}
    assert told["question"]["text"].startswith("PREDICT COUNT(orders.*")
    assert (told["seed"], told["effort"], len(told["rows"])) == (3, "fast", 6)
    assert 0 < told["base_rate"] < 1
    assert sum(told["weights"].values()) == pytest.approx(1)


def test_notes_and_weights_are_on_stderr(predict, churn):
    outcome = predict(churn, "-v")
    assert "learned in context from" in outcome.err
    assert "weights: " in outcome.err
    assert "seconds: " in outcome.err
    assert re.search(r"^labels\n  \d+\.\d\d s\n", outcome.err, re.MULTILINE)  # each stage and how long it took
    assert predict(churn, "-q").err == ""


@pytest.mark.parametrize(
    ("question", "what"),
    [
        (TOTAL, "median"),
        ("PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id", "share of yes"),
        (
            "PREDICT LIST_DISTINCT(order_lines.product_id, 0, 30, days) RANK TOP 2 FOR EACH customers.id",
            "share of lists with anything in them",
        ),
    ],
)
def test_the_base_rate_says_of_what_it_is(predict, question, what):
    assert re.search(rf"· base rate \S+ \({what}\)", predict(question).err)


def test_an_unknown_key_is_an_error(predict, churn):
    outcome = predict(churn, "--for", "123456")
    assert (outcome.code, outcome.out) == (4, "")
    assert "123456" in outcome.err


def test_without_any_time_there_is_no_cutoff(relfm, tmp_path):
    with sqlite3.connect(tmp_path / "books.db") as books:
        books.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, pages REAL)")
        books.executemany("INSERT INTO books VALUES (?, ?)", [(n, n % 7 or None) for n in range(700)])
    ask = ("books.db", "PREDICT books.pages FOR EACH books", "--limit", "1")
    outcome = relfm("predict", *ask, "--effort", "fast", "--json")
    told = json.loads(outcome.out)
    assert (told["at"], told["rows"][0]["cutoff"]) == (None, None)
    assert "1970" not in outcome.err
    assert relfm("labels", *ask, "-f", "csv").out == "id,cutoff,target\n1,,1.0\n"
    assert '"cutoff": "2024-01-31T00:00:00"' in relfm("predict", *ask, "--effort", "fast", "--at", "2024-01-31").out


def test_a_text_key_cut_at_its_comma_is_told_how_to_quote(relfm, tmp_path):
    with sqlite3.connect(tmp_path / "books.db") as books:
        books.execute("CREATE TABLE authors (name TEXT PRIMARY KEY, age REAL)")
        books.executemany("INSERT INTO authors VALUES (?, ?)", [(f"Author, {n}", n) for n in range(60)])
    ask = ("predict", "books.db", "PREDICT authors.age FOR EACH authors", "--effort", "fast", "--for")
    outcome = relfm(*ask, "Author, 1")
    assert outcome.code == 4
    assert outcome.err.startswith("error: no row of 'authors' has the key Author, 1")
    assert """a key that holds a comma is quoted: --for '"Smith, Ann"'""" in outcome.err
    outcome = relfm(*ask, '"Author, 1"')
    assert json.loads(outcome.out)["name"] == "Author, 1"
    assert "quoted" not in relfm(*ask, "Author").err


def test_keys_of_the_wrong_type_are_refused(predict, churn):
    outcome = predict(churn, "--for", "ada")
    assert outcome.code == 2
    assert outcome.err.startswith("error: 'ada' is not a value of customers.id (int64)")
