"""Whether a date is there today is another question than whether it will come, and that is said."""

from datetime import datetime, timedelta

import pandas as pd

from relfm.connectors import connect
from relfm.planning import plan

START = datetime(2024, 1, 1)


def test_whether_a_date_is_there_today_is_not_whether_it_will_come():
    users = pd.DataFrame({"id": range(400), "joined": [START + timedelta(days=d) for d in range(400)]})
    users["exited_at"] = [START + timedelta(days=d + 90) if d % 3 and d < 310 else pd.NaT for d in range(400)]
    exits = users.loc[users["exited_at"].notna(), ["id", "exited_at"]].rename(columns={"id": "user_id"})
    (said,) = plan(connect({"users": users}), "PREDICT users.exited_at IS NOT NULL FOR EACH users.id").warnings
    assert said.startswith(
        "users.exited_at IS NOT NULL is about today, however long ago a row came: to ask whether it comes"
    )
    database = connect({"users": users, "exits": exits})  # as the view that it speaks of
    assert plan(database, "PREDICT COUNT(exits.*, 0, 60, days) > 0 FOR EACH users.id").warnings == ()
