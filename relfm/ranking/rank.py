"""Ranking of links in context: which items each entity will meet, best first, with probabilities.

No training, no setting per task; nothing that a query could not see has a part in its list.
"""

import numpy as np

from relfm.answer import Predictions, Stopwatch, check_context
from relfm.context import as_stale_as, query_blocks
from relfm.database import Database
from relfm.distinct import distinct
from relfm.errors import DataCannotAnswer
from relfm.experts.panel import BUDGETS, Effort
from relfm.graph import TemporalGraph
from relfm.ranking.block import Block
from relfm.ranking.ranked import Answer
from relfm.task import Examples, Task
from relfm.threads import few_threads

DEFAULT_TOP = 10


def rank(
    database: Database,
    task: Task,
    context: Examples,
    queries: Examples,
    *,
    effort: Effort = Effort.DEFAULT,
    seed: int = 0,
    top: int | None = None,
) -> Predictions:
    """The ``top`` items of each query (those of the task, or 10), fewer where fewer are in question.

    ``context`` has lists of any time: those not yet known are not used. ``values`` are the probabilities of the best
    items. DataCannotAnswer if no list was known in time, or all of them are empty.
    """
    watch = Stopwatch()
    top = top or task.top or DEFAULT_TOP
    graph = TemporalGraph.of(database).hide(task.hidden)
    budget = BUDGETS[effort]
    is_stale = bool((queries.cutoffs > queries.seen).any())
    most_blocks = budget.stale_blocks if is_stale else budget.blocks
    order, answers, used = [], [], []
    for part in query_blocks(task, context, queries, most_blocks, len(context)):
        check_lists(task, context.take(part.context))
        asked = queries.take(part.queries)
        shown = as_stale_as(context, asked, len(context))
        block = Block(graph, task, shown, part.context, asked, effort, seed, top)
        used.append(block.chosen.examples)
        with few_threads(), watch.stage("features"):
            scorer = block.learn()
        with few_threads(), watch.stage("experts"):
            answers.append(block.answer(scorer))
        order.append(part.queries)
    rows = len(distinct(np.concatenate(used)))
    return _gathered(Answer.concatenate(answers), np.argsort(np.concatenate(order)), rows, watch.seconds)


def check_lists(task: Task, context: Examples) -> None:
    """DataCannotAnswer if there is no list to learn from, or nothing in any of them."""
    check_context(task, context)
    if len(context.items.rows) == 0:
        raise DataCannotAnswer(
            f"all {len(context)} known lists of '{task.name}' are empty, so there is nothing to rank by",
            hint="ask for a longer horizon, or look at `relfm labels`",
        )


def _gathered(answer: Answer, order: np.ndarray, context_rows: int, seconds: dict[str, float]) -> Predictions:
    ranked, baseline = answer.ranked.take(order), answer.baseline.take(order)
    return Predictions(
        ranked.first(),
        baseline.first(),
        items=ranked.lists(),
        scores=ranked.scores,
        baseline_items=baseline.lists(),
        weights=answer.weights,
        context_rows=context_rows,
        seconds=seconds,
    )
