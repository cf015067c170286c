"""``pretrain``: builds everything, then one loop that names neither network nor objective."""

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from relfm.pretrain.ahead import Ahead
from relfm.pretrain.build import build_learner
from relfm.pretrain.config import PretrainConfig
from relfm.pretrain.episodes import EpisodeFeed, held_out_batches, open_episodes
from relfm.pretrain.feed import Feed
from relfm.pretrain.head_config import HeadPretrainConfig
from relfm.pretrain.head_learner import HeadLearner
from relfm.pretrain.head_run import HeadRun, head_facts
from relfm.pretrain.head_run import completed_facts as head_completed
from relfm.pretrain.journal import Journal
from relfm.pretrain.lock import only_run
from relfm.pretrain.machine import Machine
from relfm.pretrain.memory import keep_freed_memory
from relfm.pretrain.progress import progress
from relfm.pretrain.ranks import ranks
from relfm.pretrain.run import Run, require_left, require_new
from relfm.pretrain.state import load_state
from relfm.pretrain.states_run import StatesRun, completed_facts, facts_of
from relfm.pretrain.stop import Stop, stopping
from relfm.pretrain.worlds import open_worlds
from relfm.threads import few_torch_threads, num_cores


def pretrain(
    config: PretrainConfig | HeadPretrainConfig, out: Path, *, resume: bool = False, quiet: bool = False
) -> Path:
    """Trains a network, or a head, in folder ``out`` and returns its file there.

    With ``resume`` it goes on from the last whole checkpoint, if there is one, with the numbers that an unbroken run
    would have seen. A signal, or the end of its minutes, makes it save and return early.
    """
    if not resume:
        require_new(out)
    with ExitStack() as held:
        group = held.enter_context(ranks(config.machine.device))
        if group.is_first:
            held.enter_context(only_run(out))
            if not resume:
                require_new(out)  # again: another run may have come and gone before the lock was held
        machine = Machine.of(config.machine, group)
        held.enter_context(few_torch_threads(min(config.machine.threads, num_cores())))
        keep_freed_memory()
        kind: type[Run]
        if isinstance(config, HeadPretrainConfig):
            corpus = open_episodes(config.corpus, config.kind)
            learner, facts = HeadLearner(config, machine, group), head_facts(config, corpus, group)
            feed = held.enter_context(EpisodeFeed(corpus, config, rank=group.rank))
            completed = head_completed
            kind, own = HeadRun, {"corpus": corpus, "held_out": held_out_batches(corpus.held_out, config)}
        else:
            worlds = open_worlds(config.corpus)
            learner, facts = build_learner(config, worlds, machine, group), facts_of(config, worlds, group)
            feed = held.enter_context(Feed(worlds, learner.weights.objectives, config, rank=group.rank))
            completed = partial(completed_facts, text_dim=worlds.text_dim)
            kind, own = StatesRun, {"worlds": worlds, "held_out": feed.held_out(config.loop.draws)}
        done, torn = load_state(out, facts, learner, completed)
        require_left(done, config.loop.steps)
        shown = held.enter_context(progress(done, config.loop.steps, quiet=quiet or not group.is_first))
        journal = Journal(out, done, tensorboard=config.machine.tensorboard) if group.is_first else None
        run = kind(out, config.loop, learner, group, facts, journal, shown, config=config, **own)
        stop = held.enter_context(stopping(config.machine.minutes))
        held.callback(run.close)
        run.begin(done, torn)
        run.remark(feed.remarks(own["held_out"]))
        train(run, feed, stop, done)
    return run.file


def train(run: Run, feed: Ahead[Any], stop: Stop, done: int) -> None:
    """From ``done`` steps on: evaluate? save? stop? step, tell."""
    loop, device = run.loop, run.learner.machine.device
    for step in range(done, loop.steps + 1):
        is_over = step == loop.steps or bool(run.ranks.share(stop.asked(), device))
        is_new = step > done or step == 0

        if is_new and (step % loop.evaluate == 0 or step == loop.steps):
            run.evaluate(step)
        if step > done and (step % loop.save == 0 or is_over):
            run.save(step)
        elif is_over and done:
            run.publish(step)  # it may have been killed after its last state was written and before the network was
        if is_over:
            break

        begin, waited = time.perf_counter(), feed.waited
        drawn = feed.take(step)
        run.remark(feed.remarks(drawn))
        record = run.learner.step(drawn, step, loop.steps)
        seconds = time.perf_counter() - begin
        record["train/progress/epoch"] = (step + 1) / loop.evaluate  # what lies between two evaluations
        record["train/system/seconds"] = seconds
        record["train/system/waiting"] = (feed.waited - waited) / seconds
        run.tell(step + 1, record)
    run.end(step, stop.reason)
