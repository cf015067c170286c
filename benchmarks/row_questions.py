"""Questions about rows themselves, a column from the other columns: python -m relfm.benchmarks.row_questions CORPUS.

Backtests on the validation databases, beside LightGBM on the same features and rows. These databases are for choices:
nothing here is a test split.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from relfm.benchmarks.report import Grid
from relfm.connectors import connect
from relfm.errors import RelfmError
from relfm.predictor import Predictor
from relfm.scoring import OURS, Backtest

FOLDS = 3
COLUMNS = {
    "nba_raptor": ("player_team_seasons.war_total",),
    "stackex_history_meta": ("posts.Score", "comments.Score", "badges.Class"),
    "portal_ecology": ("plant_transects.height",),
    "nber_papers": ("papers.outlet",),
    "oss_git_history": ("commits.n_files_changed", "file_changes.status"),
    "complete_journey": ("transactions.sales_value",),
    "airbnb_albany": ("calendar.available",),
}
"""Chosen by hand before any was scored: columns of several kinds, from what follows by a rule to what hardly does."""


def run(corpus: Path, predictor: Predictor) -> list[tuple[str, Backtest, float]]:
    """(name, backtest, seconds) of every question whose database is in ``corpus``."""
    found = []
    for name, columns in COLUMNS.items():
        if not (corpus / name).is_dir():
            print(f"not there: {corpus / name}", file=sys.stderr)
            continue
        database = connect(corpus / name)
        for column in columns:
            table = column.partition(".")[0]
            key = database.schema.tables[table].primary_key[0]
            begin = time.perf_counter()
            scored = predictor.backtest(database, f"PREDICT {column} FOR EACH {table}.{key}", folds=FOLDS)
            found.append((f"{name}: {column}", scored, time.perf_counter() - begin))
            print(f"{name}: {column}", file=sys.stderr)
    return found


def grid(found: Sequence[tuple[str, Backtest, float]]) -> Grid:
    """One line a question; AUROC is better when larger, nMAE when smaller."""
    lines = []
    for name, scored, seconds in found:
        values = scored.table[scored.table.fold == "all"].set_index("method")[scored.metric]
        told = [f"{values[m]:.4f}" if m in values else "–" for m in (OURS, "lightgbm", "base rate")]
        lines.append((name, scored.metric, *told, f"{seconds:.0f}"))
    header = ("column", "metric", "relfm", "LightGBM", "base rate", "seconds")
    return Grid(f"Questions about rows, {FOLDS} folds, rolling", header, tuple(lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table as Markdown; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m relfm.benchmarks.row_questions", description=__doc__)
    parser.add_argument("corpus", type=Path, help="a folder of RelBench 3 datasets")
    parser.add_argument("--model", default="relfm-small", help="pretrained networks; none for none")
    parser.add_argument("--effort", default="default", choices=("fast", "default", "best"))
    given = parser.parse_args(arguments)
    try:
        found = run(given.corpus, Predictor(effort=given.effort, model=given.model))
    except RelfmError as error:
        print(error.told(), file=sys.stderr)
        return error.exit_code
    print(grid(found).to_markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
