"""What texts say, as features: it separates topics, and neither later rows nor the order of rows move a bit of it."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import relfm
from relfm.features import compute, series, text
from relfm.features.series import Series, widest
from relfm.features.text import coordinates
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span, parse_time

TOPICS = {
    "billing": ["invoice", "charged", "payment", "card", "refund", "price"],
    "login": ["password", "account", "locked", "reset", "sign", "access"],
    "crash": ["error", "screen", "freezes", "broken", "fails", "exception"],
}
FILLING = ["the", "a", "my", "please", "hello", "since", "team", "when", "again", "this", "still", "on", "with", "it"]
QUESTION = "PREDICT tickets.topic FOR EACH tickets.id"


def tickets(num: int = 500, seed: int = 0) -> pd.DataFrame:
    """One ticket an hour: six empty words and one of its topic."""
    generator = np.random.default_rng(seed)
    topics = generator.choice(list(TOPICS), num)
    bodies = [
        " ".join(generator.permutation([*generator.choice(FILLING, 6), generator.choice(TOPICS[topic])]))
        for topic in topics
    ]
    opened = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(num), "h")
    return pd.DataFrame({"id": np.arange(num), "opened": opened, "body": bodies, "topic": topics})


def as_dict(texts: list[str | None], known: np.ndarray, most: int = 4) -> dict[str, np.ndarray]:
    return dict(coordinates(pa.array(texts), known, most))


@pytest.fixture(scope="module")
def bodies() -> list[str]:
    return sorted(set(tickets()["body"]))


def test_a_topic_is_read_from_one_word() -> None:
    frame = tickets()
    found = relfm.Predictor(effort="fast", model=None).backtest(relfm.connect({"tickets": frame}), QUESTION, folds=1)
    ours = found.table.query("fold == 'all' and method == 'relfm'")["auroc"].item()
    blank = relfm.connect({"tickets": frame.assign(body=[f"{n}" for n in range(len(frame))])})
    without = relfm.Predictor(effort="fast", model=None).backtest(blank, QUESTION, folds=1)
    assert ours > 0.9
    assert without.table.query("fold == 'all' and method == 'relfm'")["auroc"].item() < 0.65


def test_words_that_were_never_seen_lie_near_those_that_mean_the_same(bodies) -> None:
    new = ["bill cost money paid", "credentials username logging", "bug stacktrace crashed"]
    known = [f"{word} {other}" for words in TOPICS.values() for word in words for other in words if word != other]
    found = as_dict([*known, *new], np.arange(len(known)), 3)
    places = np.stack([found[f"meaning {k}"] for k in (1, 2, 3)], axis=1)
    centres = places[: len(known)].reshape(len(TOPICS), -1, 3).mean(axis=1)
    near = ((places[len(known) :, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert near.tolist() == [0, 1, 2]
    assert all(np.array_equal(found[f"words {k}"][len(known) :], np.zeros(3)) for k in (1, 2, 3))


def test_codes_of_ones_own_are_told_apart() -> None:
    texts = [f"{code} {n}" for code, start in (("QX7", 0), ("QX9", 20)) for n in range(start, start + 20)]
    found = as_dict(texts, np.arange(40))
    first = found["words 1"]
    assert np.ptp(first[:20]) == np.ptp(first[20:]) == 0 and first[0] != first[20]


def test_neither_order_nor_later_texts_move_a_bit(bodies) -> None:
    generator = np.random.default_rng(1)
    plain = as_dict(bodies, np.arange(len(bodies)))
    later = [f"{word} {n} Überraschung 速報" for n, word in enumerate(FILLING * 3)]
    order = generator.permutation(len(bodies) + len(later))
    mixed = [[*bodies, *later][i] for i in order]
    known = np.flatnonzero(order < len(bodies))
    found = as_dict(mixed, known)
    assert list(found) == list(plain)
    for name, values in plain.items():
        assert np.array_equal(found[name][known], values[order[known]])


def test_however_many_texts_come_later_as_many_letters_are_read(bodies, monkeypatch) -> None:
    known = np.arange(len(bodies))
    monkeypatch.setattr(text, "LETTERS", 100 * len(bodies))
    plain = as_dict(bodies, known)
    found = as_dict([*bodies, *(f"later {n}" for n in range(2 * len(bodies)))], known)
    assert all(np.array_equal(found[name][known], values) for name, values in plain.items())
    monkeypatch.setattr(text, "LETTERS", 40 * len(bodies))
    assert any(not np.array_equal(as_dict(bodies, known)[name], values) for name, values in plain.items())


def test_texts_read_in_parts_lie_where_they_do_in_one(bodies, monkeypatch) -> None:
    known = np.arange(0, len(bodies), 3)
    plain = as_dict(bodies, known)
    monkeypatch.setattr(text, "AT_ONCE", 7)
    found = as_dict(bodies, known)
    assert all(np.array_equal(found[name], values) for name, values in plain.items())


@pytest.mark.parametrize("texts", [["", "a"], ["", "  ", "…"], ["x"], ["速報", "é è", "\U0001f600"], ["1", "2"]])
def test_odd_texts_have_finite_coordinates(texts) -> None:
    for values in as_dict(texts, np.arange(len(texts))).values():
        assert len(values) == len(texts) and np.isfinite(values).all()


def test_what_stands_behind_the_letters_that_are_read_changes_nothing() -> None:
    texts = [f"{'word ' * 250}{n}" for n in range(3)]
    for values in as_dict(texts, np.arange(3)).values():
        assert np.ptp(values) == 0


def matrix(frame: pd.DataFrame, hidden: tuple[str, ...] = (), *, customers: bool = False) -> dict[str, np.ndarray]:
    """The features of the last tickets, or of the customers who wrote them."""
    tables = {"tickets": frame}
    if customers:
        tables["customers"] = pd.DataFrame({"id": range(10)})
        tables["tickets"] = frame.assign(customer_id=frame["id"] % 10)
    database = relfm.connect(tables)
    entity, rows = ("customers", np.arange(10)) if customers else ("tickets", np.arange(100, 120))
    cells = frozenset(("tickets", column) for column in hidden)
    task = Task("t", TargetKind.BINARY, entity, None, horizon=Span.of(1, "day"), hidden=cells)
    until = parse_time("2025-01-10")
    found = compute(database, task, Examples.of(rows, until), until=until)
    assert len(set(found.names)) == len(found.names)
    return dict(zip(found.names, found.values.T, strict=True))


def test_a_missing_text_lies_nowhere() -> None:
    frame = tickets()
    frame.loc[105, "body"] = None
    found = matrix(frame)["meaning 1 of tickets.body"]
    assert np.isnan(found[5]) and np.isfinite(np.delete(found, 5)).all()


def test_a_hidden_column_tells_nothing() -> None:
    assert not any("meaning" in name or "words" in name for name in matrix(tickets(), ("body",)))


def test_children_tell_where_their_texts_lie_on_average_and_at_last() -> None:
    found = matrix(tickets(), customers=True)
    told = [name for name in found if "meaning 1 of" in name]
    assert any(name.startswith("last ") for name in told) and any("over the last 3" in name for name in told)
    assert not any(name.startswith(("sum", "least", "greatest", "standard")) for name in told)
    frame = tickets()
    database = relfm.connect({"tickets": frame})
    (one,) = (
        s for s in series.table_series(database, "tickets", parse_time("2025-01-10")) if s.name.startswith("meaning 1 ")
    )
    seen = frame["opened"] <= "2025-01-10"
    for customer in range(10):
        own = np.flatnonzero(seen & (frame["id"] % 10 == customer))
        assert np.isclose(found["last meaning 1 of tickets.body of tickets.customer_id"][customer], one.values[own[-1]])
        name = "mean of meaning 1 of tickets.body over all tickets.customer_id"
        assert np.isclose(found[name][customer], one.values[own].mean(), atol=1e-6)


def test_of_very_many_texts_the_latest_are_read(monkeypatch) -> None:
    monkeypatch.setattr(series, "MOST_TEXTS", 50)
    frame = tickets()
    found = series.table_series(relfm.connect({"tickets": frame}), "tickets", parse_time("2025-01-10"))
    (one,) = (s for s in found if s.name == "meaning 1 of tickets.body")
    seen = int((frame["opened"] <= "2025-01-10").sum())
    last = set(frame["body"][:seen].drop_duplicates(keep="last")[-50:])
    assert np.array_equal(~np.isnan(one.values), frame["body"].isin(last))


def test_a_column_of_few_categories_is_described_by_them_alone() -> None:
    found = series.table_series(relfm.connect({"tickets": tickets()}), "tickets", parse_time("2026-01-01"))
    assert {s.column for s in found if s.is_coordinate} == {"tickets.body"}


def test_the_widest_are_shared_evenly() -> None:
    def made(column: str, view: str, num: int) -> list[Series]:
        return [Series(f"{view} {k + 1} of {column}", np.zeros(1), column=column) for k in range(num)]

    given = [*made("a", "meaning", 9), *made("a", "words", 1), *made("b", "meaning", 9), *made("b", "words", 9)]
    kept = [one.name for one in widest(given, 8)]
    assert kept == [
        *("meaning 1 of a", "meaning 2 of a", "words 1 of a"),
        *("meaning 1 of b", "meaning 2 of b", "words 1 of b", "words 2 of b"),
    ]
    assert len(widest(given, 1)) == 4
