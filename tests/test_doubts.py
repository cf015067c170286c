"""What speaks against an answer is said, with how much of it there is; what happens later says nothing."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from relfm import Predictor
from relfm.connectors import connect
from relfm.database import Database
from relfm.errors import DataCannotAnswer
from relfm.moments import moment_of, span_of
from relfm.planning import plan, resolve
from relfm.times import format_time, parse_time

START = datetime(2024, 1, 1)
COUNT = "PREDICT COUNT(orders.*, 0, 20, days) FOR EACH users.id"


def shop(*, extra: tuple[datetime, ...] = (), joined: datetime = START, first: int = 0, undated: int = 0) -> Database:
    """Forty users, of whom ``undated`` have no date, and 1,500 orders from day ``first`` to day 300."""
    generator = np.random.default_rng(0)
    made = [START + timedelta(days=float(d)) for d in generator.uniform(first, 300, 1500)] + list(extra)
    users = pd.DataFrame({"id": range(40), "joined": [None] * undated + [joined] * (40 - undated)})
    users["joined"] = pd.to_datetime(users["joined"])
    orders = {
        "id": range(len(made)),
        "user_id": generator.integers(0, 40, len(made)),
        "made": made,
        "channel": generator.choice(["app", "web"], len(made)),
    }
    return connect({"users": users, "orders": pd.DataFrame(orders)})


def test_sound_data_raise_no_doubt():
    assert plan(shop(), COUNT).warnings == ()


@pytest.mark.parametrize("day", [datetime(2099, 1, 1), datetime(9999, 12, 31)])
def test_rows_still_to_come_do_not_move_the_end_of_the_data(day):
    made, usual = plan(shop(extra=(day,)), COUNT), plan(shop(), COUNT)
    assert made.at == usual.at
    assert made.base_rate == usual.base_rate
    (said,) = made.warnings
    assert said.startswith(f"dated after today: 1 of 1,501 rows of orders, up to {day.date()}")


def test_a_made_up_database_may_lie_wholly_ahead():
    database = connect(
        {
            "users": pd.DataFrame({"id": [0, 1]}),
            "orders": pd.DataFrame({"id": [0], "user_id": [1], "made": [datetime(2100, 5, 1)]}),
        }
    )
    assert format_time(moment_of(database, resolve(database, COUNT))) == "2100-05-01"


def test_a_stray_row_at_the_end_is_spoken_of_with_the_moment_to_ask_at():
    (said,) = plan(shop(extra=(datetime(2025, 9, 1),)), COUNT).warnings
    assert said.startswith("the 20 days before 2025-09-01 hold 1 of the usual 96 rows of orders")
    assert "ask --at 2024-10-2" in said


def test_labels_that_are_all_alike_name_their_cause():
    with pytest.raises(DataCannotAnswer, match="all 520 labels are False") as caught:
        plan(shop(), "PREDICT COUNT(orders.* WHERE orders.channel = 'App', 0, 20, days) > 0 FOR EACH users.id")
    assert "no row of orders has channel 'App' by 2024-10-2" in caught.value.hint
    assert "did you mean app?" in caught.value.hint


def test_a_text_that_no_cell_holds_and_numbers_all_alike_are_spoken_of():
    question = "PREDICT COUNT(orders.* WHERE orders.channel IN ('App', 'web2'), 0, 20, days) FOR EACH users.id"
    alike, app, web = plan(shop(), question).warnings
    assert alike.startswith("all ")
    assert alike.endswith(" labels are 0: there is nothing to tell apart")
    assert "'App'" in app
    assert "'web2'" in web


def test_a_text_that_comes_up_later_is_unknown_until_it_does():
    """The channel is first used on day 200."""
    frames = {name: table.to_pandas() for name, table in shop().tables.items()}
    late = frames["orders"].made > START + timedelta(days=200)
    frames["orders"].loc[late, "channel"] = "phone"
    database = connect(frames)
    question = "PREDICT COUNT(orders.* WHERE orders.channel = 'phone', 0, 20, days) FOR EACH users.id"

    def unknown(day: int) -> list[str]:
        return [w for w in plan(database, question, at=START + timedelta(days=day)).warnings if "no row of" in w]

    (said,) = unknown(100)
    assert said.startswith("no row of orders has channel 'phone' by 2024-04-10")
    assert unknown(250) == []


def test_windows_before_the_counted_table_began_are_not_empty_but_unknown():
    database = shop(joined=datetime(2016, 1, 1), first=200)
    made = plan(database, "PREDICT COUNT(orders.*, 0, 5, days) > 0 FOR EACH users.id")
    assert format_time(span_of(database, made.task)[0])[:10] == "2024-07-19"
    assert made.cutoffs.min() >= parse_time("2024-07-19") + 5 * 86_400_000_000
    assert made.base_rate > 0.7


def test_rows_without_a_date_are_spoken_of():
    (said,) = Predictor(effort="fast").predict(shop(undated=4), COUNT).warnings
    assert said.startswith("4 of 40 rows of users have no joined, so they are never asked about")


def test_a_cell_that_is_not_missing_anywhere_says_so():
    with pytest.raises(DataCannotAnswer, match="about nobody") as caught:
        Predictor(effort="fast").predict(shop(), "PREDICT orders.channel FOR EACH orders.id")
    assert "no cell that it asks for is missing" in caught.value.hint


def test_what_is_counted_is_never_predicted_below_nothing():
    rare = "PREDICT COUNT(orders.*, 0, 1, days) FOR EACH users.id"
    for seed in range(3):
        frame = Predictor(effort="fast", seed=seed).predict(shop(), rare, interval=0.95).frame
        assert (frame.filter(regex="^(prediction|q)") >= 0).all().all()


def test_who_has_left_is_known_only_once_they_have():
    users = pd.DataFrame({"id": range(60), "joined": START, "deleted_at": pd.NaT})
    users.loc[:29, "deleted_at"] = [START + timedelta(days=100 + 5 * n) for n in range(30)]
    generator = np.random.default_rng(1)
    owner, day = generator.integers(0, 60, 4000), generator.uniform(0, 300, 4000)
    kept = (owner >= 30) | (day < 95 + 5 * owner)  # who is deleted has stopped before
    orders = {"id": range(kept.sum()), "user_id": owner[kept], "made": [START + timedelta(days=d) for d in day[kept]]}
    database = connect({"users": users, "orders": pd.DataFrame(orders)})
    question = "PREDICT COUNT(orders.*, 0, 20, days) = 0 FOR EACH users.id WHERE users.deleted_at IS NULL"
    made = plan(database, question)
    assert made.base_rate > 0.005  # those deleted later were still there, and some had just stopped
    early = made.task.labeller.population(database, parse_time("2024-03-01"))
    assert len(early) == 60
    assert len(made.task.labeller.population(database, parse_time("2024-10-01"))) == 30


def test_a_label_reads_no_cell_that_was_written_after_its_window() -> None:
    """Orders that are cancelled fifty days later count in their own window: nobody knew at its end."""
    made = [START + timedelta(days=n) for n in range(200)]
    orders = {"id": range(200), "user_id": [n % 5 for n in range(200)], "made": made}
    cancelled = [m + timedelta(days=50) if n % 2 else None for n, m in enumerate(made)]
    frames = {"users": pd.DataFrame({"id": range(5)}), "orders": pd.DataFrame({**orders, "cancelled_at": cancelled})}
    database = connect(frames)
    count = "COUNT(orders.* WHERE orders.cancelled_at IS NULL, {}, days)"
    cutoff = np.array([parse_time("2024-04-10")])  # day 100

    def labels(window: str) -> np.ndarray:
        task = resolve(database, f"PREDICT {count.format(window)} FOR EACH users.id")
        return task.labeller.label(database, cutoff).targets

    assert labels("0, 20").sum() == 20
    assert labels("0, 60").sum() == 60 - 5  # by day 160 those of days 101, 103, ... 109 are known to be cancelled
    task = resolve(
        database, f"PREDICT COUNT(orders.*, 0, 9, days) FOR EACH users.id WHERE {count.format('-30, 0')} > 5"
    )
    assert len(task.labeller.population(database, int(cutoff[0]))) == 5


def broken_load(*, orders_until: float, users_until: float = 300) -> Database:
    """Users join every day until one day, orders are made every few hours until another."""
    joined = [START + timedelta(days=d) for d in range(int(users_until))]
    made = [START + timedelta(days=d / 15) for d in range(int(orders_until * 15))]
    users = pd.DataFrame({"id": range(len(joined)), "joined": joined})
    orders = pd.DataFrame({"id": range(len(made)), "user_id": [i % 37 for i in range(len(made))], "made": made})
    return connect({"users": users, "orders": orders})


def test_data_end_where_what_is_counted_ends_whatever_else_goes_on():
    database = broken_load(orders_until=200)
    question = "PREDICT COUNT(orders.*, 0, 20, days) > 0 FOR EACH users.id"
    assert format_time(moment_of(database, resolve(database, question)))[:10] == "2024-07-18"
    (stale,) = plan(database, question, at="2024-10-26").warnings
    assert stale.startswith("the data end at 2024-07-18")


def test_a_second_table_that_broke_off_is_spoken_of():
    frames = broken_load(orders_until=200).tables
    users = frames["users"].to_pandas()
    visits = users.rename(columns={"id": "user_id", "joined": "at"})
    database = connect({"users": users, "orders": frames["orders"].to_pandas(), "visits": visits})
    question = "PREDICT COUNT(orders.*, 0, 20, days) + COUNT(visits.*, 0, 20, days) FOR EACH users.id"
    (said,) = plan(database, question).warnings
    assert "hold 0 of the usual 300 rows of orders" in said


def test_a_usual_silence_is_no_doubt():
    """Orders pause for a month each winter: at the end of one nothing is odd."""
    made = [START + timedelta(days=365 * (y - 4) + d / 4) for y in range(4) for d in range(4 * 335)]
    orders = pd.DataFrame({"id": range(len(made)), "user_id": [i % 40 for i in range(len(made))], "made": made})
    users = pd.DataFrame({"id": range(40), "joined": made[0]})
    database = connect({"users": users, "orders": orders})
    assert plan(database, COUNT, at=made[-1] + timedelta(days=30)).warnings == ()


def beside_orders(**beside: pd.DataFrame) -> Database:
    frames = {name: table.to_pandas() for name, table in shop().tables.items()}
    return connect(frames | beside)


def invoices(**dates: list) -> pd.DataFrame:
    """An invoice for each order, which it does not name: a table that knows the orders to come."""
    orders = shop().tables["orders"].to_pandas()
    made = {"id": range(len(orders)), "user_id": orders["user_id"], "amount": 1.0}
    return pd.DataFrame(made | {name: dates[name] for name in dates})


def test_rows_that_nothing_places_in_time_describe_nobody():
    orders = shop().tables["orders"].to_pandas()
    due = (orders["made"] + timedelta(days=30)).tolist()
    users = shop().tables["users"].to_pandas().assign(age=np.arange(40.0) % 7)
    database = beside_orders(invoices=invoices(due_date=due), users=users)
    assert database.schema.tables["invoices"].time_unknown
    for question in (COUNT, "PREDICT users.age FOR EACH users.id"):  # of cells too, where each row has its own moment
        assert plan(database, question).warnings[-1] == (
            "nothing tells when the rows of invoices came, so no feature reads them: name a time_column or time_from "
            "in relfm.toml, or time_column = false if all were there from the start"
        )
    question, at = "PREDICT COUNT(orders.*, 0, 20, days) > 2 FOR EACH users.id", "2024-09-01"
    told, plain = (
        Predictor(effort="fast").predict(d, question, at=at).frame for d in (database, beside_orders(users=users))
    )
    pd.testing.assert_frame_equal(told, plain)


def test_a_sparse_date_places_no_row_either():
    orders = shop().tables["orders"].to_pandas()
    sparse = [made if i % 5 == 0 else None for i, made in enumerate(orders["made"])]
    database = beside_orders(invoices=invoices(created_at=pd.to_datetime(pd.Series(sparse))))
    table = database.schema.tables["invoices"]
    assert table.time_unknown
    assert "suspect created_at: mostly missing (inferred: only 20% of its cells are known" in str(
        [str(d) for d in table.decisions]
    )


def test_rows_without_any_date_count_as_known_and_that_is_said():
    (said,) = plan(beside_orders(addresses=invoices()), COUNT).warnings
    assert said.startswith("no column tells when the rows of addresses came, so all count as known at any time")


def test_who_says_how_rows_stand_in_time_hears_no_doubt(tmp_path):
    file = tmp_path / "relfm.toml"
    frames = {name: table.to_pandas() for name, table in shop().tables.items()} | {"addresses": invoices()}
    for said in ("time_column = false", "time_unknown = true"):
        file.write_text(f"[tables.addresses]\n{said}")
        assert plan(connect(frames, schema_file=file), COUNT).warnings == ()


def test_master_data_that_others_point_at_raise_no_doubt():
    places = pd.DataFrame({"id": range(9), "user_id": range(9)})
    meters = pd.DataFrame({"id": range(40), "place_id": [i % 9 for i in range(40)], "made": [START] * 40})
    assert plan(beside_orders(places=places, meters=meters), COUNT).warnings == ()


def test_details_that_came_after_their_parent_are_not_placed_at_its_time():
    orders = shop().tables["orders"].to_pandas()
    late = [made + timedelta(days=9) if i % 3 else None for i, made in enumerate(orders["made"])]
    issues = pd.DataFrame(
        {"id": range(len(late)), "order_id": orders["id"], "resolved_at": pd.to_datetime(pd.Series(late))}
    )
    lines = pd.DataFrame({"order_id": orders["id"], "line_no": 1, "delivered_at": pd.to_datetime(pd.Series(late))})
    schema = beside_orders(order_issues=issues, order_lines=lines).schema
    assert schema.tables["order_issues"].time_unknown
    assert schema.tables["order_lines"].time_from is not None


def test_questions_about_cells_of_now_read_rows_whatever_their_time():
    """The other invoices of a user say which are paid, though nothing tells when they came."""
    generator = np.random.default_rng(0)
    users = generator.integers(0, 40, 900)
    made = {"id": range(900), "user_id": users, "due_date": START, "status": np.where(users % 2 == 0, "paid", "open")}
    database = beside_orders(invoices=pd.DataFrame(made))
    assert database.schema.tables["invoices"].time_unknown
    found = Predictor(effort="fast").predict(
        database, "PREDICT invoices.status FOR EACH invoices.id", entities=range(200)
    )
    right = (found.frame["prediction"] == made["status"][:200]).mean()
    assert right > 0.9


def test_a_season_that_was_not_loaded_is_told_as_stale():
    """Matches on weekends from April to November, for four years; the fifth has not been loaded half a year later."""
    made = [START + timedelta(days=365 * (y - 4) + 90 + 7 * w + d) for y in range(4) for w in range(33) for d in (0, 1)]
    matches = pd.DataFrame({"id": range(len(made)), "user_id": [i % 40 for i in range(len(made))], "made": made})
    users = pd.DataFrame({"id": range(40), "joined": made[0]})
    database = connect({"users": users, "orders": matches})
    assert plan(database, COUNT, at=made[-1] + timedelta(days=100)).warnings == ()
    assert plan(database, COUNT, at=made[-1] + timedelta(days=200)).warnings[0].startswith("the data end at 2023-11-")
