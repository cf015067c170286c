"""A pretrained network adapted to one question of one database: gradient steps on its past labels.

The result answers by the way that every network does: its states are read in context, beside the closed forms, and
weighed on labels that it has never seen. It answers for no moment before the labels that it was adapted to.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from relfm import arguments
from relfm.adaptation.lessons import Lessons, lessons_of
from relfm.adaptation.training import Course, train
from relfm.adaptation.ways import WAYS
from relfm.backtest import fold_positions, past_labels
from relfm.checkpoint import save_checkpoint
from relfm.checkpoint.file import SUFFIX
from relfm.context import known_at
from relfm.database import Database
from relfm.errors import UsageError, unwritten
from relfm.experts.panel import Effort, budget_of
from relfm.learned import ADAPTED, DEFAULT_MODEL, FEATURES_HEAD, FILES, STATES, Learned, learned
from relfm.moments import Moment
from relfm.planning import refuse_lists, task_at
from relfm.predictor import Predictor, is_forecast
from relfm.pretrain import MachineConfig
from relfm.pretrain.machine import Machine
from relfm.pretrain.ranks import Ranks
from relfm.pretrain.stop import stopping
from relfm.schema import suggestion
from relfm.scoring import OURS, Backtest, in_words
from relfm.task import Examples, Task
from relfm.threads import few_torch_threads
from relfm.times import format_time

BASE = "relfm-states"
"""The shipped model that has a network behind states."""

STEPS, MOST_STEPS = 120, 100_000


@dataclass(frozen=True, eq=False)
class Adapted:
    """What ``adapt`` returns.

    learned   the networks, for ``Predictor(model=adapted.learned)``; ``save`` writes them for ``--model FOLDER``
    task      what it was adapted to; ``how``, ``base``: in which way, and from which networks
    labels    how many it learned from, and how many later ones told it when to stop
    course    the errors on those, and the step that was kept: 0 where none was better than before
    backtest  answers at the latest cutoffs, which took no part in any of it: zero-shot, adapted, and what stands beside
              them in every backtest
    """

    learned: Learned
    task: Task
    how: str
    base: str
    labels: tuple[int, int]
    course: Course
    backtest: Backtest

    @property
    def until(self) -> int:
        """Microseconds: labels known by then were learned from."""
        return self.learned.until

    @property
    def verdict(self) -> str:
        """One line: what it gained over zero-shot, on rows that it was not adapted to."""
        if self.course.best == 0:
            return "no step answered later labels better, so the network is as it was: predict zero-shot"
        gain = self.backtest.leads[OURS]
        if not np.isfinite(gain.low):
            return f"no verdict: too few rows to tell it from zero-shot ({in_words(gain)})"
        if gain.low <= 0 <= gain.high:
            return f"level with zero-shot: the difference is within the noise ({in_words(gain)})"
        return f"{'better' if gain.value > 0 else 'worse'} than zero-shot ({self.backtest.metric} {in_words(gain)})"

    def save(self, folder: str | PathLike[str]) -> Path:
        """The networks as files of ``folder``, which is returned. UsageError if it holds networks already,
        ResourceExceeded if there is no room."""
        path = made_ready(Path(folder))
        said = {"question": self.task.name, "until": self.until, "how": self.how, "base": self.base}
        card = {
            "steps": self.course.best,
            "data": f"{self.base}, adapted ({self.how}) to {self.labels[0]:,} labels of: {self.task.name}",
            "never_seen": f"labels later than {format_time(self.until)}",
        }
        head = self.learned.features_head
        networks = [(STATES, self.learned.model, {ADAPTED: said, "card": card})]
        if head is not None:
            origin = {"card": {"data": f"what the head of {self.base} was trained on"}}
            networks.append((FEATURES_HEAD, head, origin))
        for expert, network, facts in networks:
            kind = FILES[expert]
            header = {"kind": kind, "config": network.config.to_dict(), **facts}
            save_checkpoint(path / f"{kind}{SUFFIX}", network.state_dict(), header)
        return path


def made_ready(folder: Path) -> Path:
    """``folder``, made if it is not there; UsageError if it holds networks or cannot be made."""
    if any(folder.glob(f"*{SUFFIX}")):
        raise UsageError(f"'{folder}' holds networks", hint="name another folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(folder, error) from None
    return folder


def adapt(
    database: Database,
    question: object,
    *,
    how: str = "full",
    model: "str | PathLike[str] | Learned" = BASE,
    at: Moment = None,
    folds: int = 1,
    steps: int = STEPS,
    minutes: float = 0.0,
    seed: int = 0,
    device: str = "auto",
    progress: Callable[[str], None] | None = None,
) -> Adapted:
    """A copy of ``model``'s network behind states, adapted to the question by ``how`` (``relfm.adaptation.ways``).

    Labels known by ``at`` are parted in time: the latest ``folds`` cutoffs score the result and are not touched before;
    of those before them the later ones tell when to stop, and the earlier ones are learned from, in ``steps`` steps or
    ``minutes`` (0: any number) at most. ``model`` itself is left as it is.

    UsageError if the question is no forecast of one window, or the model has no such network; DataCannotAnswer if the
    history is too short or too poor.
    """
    if how not in WAYS:
        raise UsageError(f"unknown way to adapt '{how}'", hint=suggestion(str(how), list(WAYS)))
    steps = arguments.whole("steps", steps, 1, MOST_STEPS)
    arguments.reporter(progress)
    say = progress or (lambda stage: None)
    task, moment = task_at(database, question, at)
    _require_forecast(task)
    base = network_of(model)
    zero_shot = Predictor(seed=seed, model=base)
    say("labels")
    labelled = past_labels(zero_shot, database, task, moment, folds)
    positions, _ = fold_positions(task, labelled, folds)[0]
    usable = np.flatnonzero(known_at(task, labelled.cutoffs) <= int(labelled.cutoffs[positions].min()))
    made, lessons, course = fitted(
        database, task, labelled, usable, base, how, steps=steps, minutes=minutes, seed=seed, device=device, say=say
    )
    say("backtest")
    backtest = Predictor(seed=seed, model=made).backtest(database, task, folds=folds, at=moment)
    return Adapted(made, task, how, base.name, (lessons.learned, lessons.stopped), course, backtest)


def fitted(
    database: Database,
    task: Task,
    labelled: Examples,
    usable: np.ndarray,
    base: Learned,
    how: str,
    *,
    steps: int = STEPS,
    minutes: float = 0.0,
    seed: int = 0,
    device: str = "auto",
    say: Callable[[str], None] = lambda stage: None,
) -> tuple[Learned, Lessons, Course]:
    """``adapt`` without its backtest, on the labels at the positions ``usable`` (int64[n]) of ``labelled``."""
    say("arrays of the database")
    network = copy.deepcopy(base.model).to(Machine.of(MachineConfig(device=device), Ranks()).device)
    rows = budget_of(Effort.DEFAULT, task.kind).rows
    lessons = lessons_of(database, task, labelled, usable, rows, network.config.fanout)
    with few_torch_threads(), stopping(minutes) as stop:
        course = train(network, lessons, how, steps=steps, seed=seed, stop=stop, say=say)
    head = base.features_head or learned(DEFAULT_MODEL).features_head
    made = Learned(f"{base.name}, adapted", head, None, network.cpu().eval(), until=lessons.until)
    return made, lessons, course


def network_of(model: "str | PathLike[str] | Learned") -> Learned:
    """Pretrained networks with one behind states among them, not adapted yet; UsageError if it is none such."""
    found = learned(model)
    if found is None or found.model is None:
        hint = f"name {BASE}, or a folder of your own"
        raise UsageError(f"model '{model}' has no network behind states to adapt", hint=hint)
    if found.until is not None:
        raise UsageError(f"'{found.name}' is adapted already", hint="adapt what it was made from")
    return found


def _require_forecast(task: Task) -> None:
    refuse_lists(task, "a network is adapted to one")
    if not is_forecast(task):
        raise UsageError(
            "networks are adapted to forecasts, and this asks what cells hold",
            hint="predict it as it is: boosted trees answer such questions beside the closed forms",
        )
