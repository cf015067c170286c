"""From plans to populations: rows with times, latents and parents, table by table."""

from dataclasses import replace

import numpy as np

from relfm.synth.cells import Habits, fill
from relfm.synth.choosing import Taste, choose_parents, with_habit
from relfm.synth.database import Column
from relfm.synth.intensity import Rhythm, draw_events
from relfm.synth.mechanisms import draw_score
from relfm.synth.occasions import draw_details, draw_occasions
from relfm.synth.population import SIZE, Population, blend, draw_paths, heavy_weights
from relfm.synth.schema import TablePlan
from relfm.synth.timeline import Timeline
from relfm.synth.world import World

NEVER = np.iinfo(np.int64).max // 4


def grow(rng: np.random.Generator, world: World, habits: Habits) -> list[tuple[Column, ...]]:
    """Rows and cells of all tables, in the order of the schema; what a table shows bears on those after it."""
    columns = []
    for index, plan in enumerate(world.schema.tables):
        made = _rows_without_time(rng, world, plan) if plan.driver is None else _rows_of_drivers(rng, world, plan)
        world.populations.append(made)
        filled = fill(rng, world, index, habits)
        made = replace(made, signs=_signs(world, plan, made, filled.signs))
        made = replace(made, weights=heavy_weights(rng, made.signs), deaths=_deaths(rng, world.timeline, made, plan))
        world.populations[index] = made
        if plan.role == "action":
            world.remember(plan.driver.parent, made.drivers, made.births, filled.signs[:, 0])
        columns.append(filled.columns)
    return columns


def _signs(world: World, plan: TablePlan, made: Population, own: np.ndarray) -> np.ndarray:
    """float32[N, k]: what the row's own cells show, and the first cells of its parents."""
    parts = [own]
    for link, rows in zip(plan.links, made.parents, strict=True):
        if link.way != "self":
            parts.append(np.where(rows[:, None] >= 0, world.populations[link.parent].signs[rows, :2], np.float32(0)))
    return np.concatenate(parts, axis=1)


def _rows_without_time(rng: np.random.Generator, world: World, plan: TablePlan) -> Population:
    """Dimensions, entities, bridges and occasions: nothing makes their rows happen."""
    timeline = world.timeline
    if plan.role == "occasion":
        births = draw_occasions(rng, timeline, plan.rows)
    elif plan.role == "dimension":
        births = np.full(plan.rows, timeline.start)
    else:
        births = _births(rng, timeline, plan)
    count = len(births)
    communities = rng.choice(len(world.centres), count, p=rng.dirichlet(np.full(len(world.centres), 2.0)))
    made = _blank(births, communities, np.full(count, -1))
    parents = _parents(rng, world, plan, made)
    parts = [world.centres[communities], *_latents_of(world, plan, parents)]
    made = replace(made, parents=parents, latents=blend(rng, count, parts, rng.uniform(0.3, 1)))
    if plan.role in ("occasion", "bridge"):
        return made
    shared = [_paths_of(world, link.parent, rows) for link, rows in zip(plan.links, parents, strict=True)]
    paths = draw_paths(rng, timeline, count, [s for s in shared if s is not None], world.common)
    return replace(made, paths=paths)


def _rows_of_drivers(rng: np.random.Generator, world: World, plan: TablePlan) -> Population:
    """Actions (of entities) and details (of events)."""
    drivers = world.populations[plan.driver.parent]
    if plan.role == "action":
        rhythm = Rhythm.draw(rng, world.timeline)
        history = world.histories.get(plan.driver.parent)
        rows, times = draw_events(rng, world.timeline, drivers, rhythm, plan.rows, history)
    else:
        rows, times = draw_details(rng, world.timeline, drivers, plan.rows)
    stray = rng.random(len(rows)) < rng.uniform(0, 0.4)
    communities = np.where(stray, rng.integers(len(world.centres), size=len(rows)), drivers.communities[rows])
    made = _blank(times, communities, rows)
    parents = _parents(rng, world, plan, made)
    parts = [world.centres[communities], *_latents_of(world, plan, parents)]
    bins = world.timeline.bin_of(times)
    for link, held in zip(plan.links, parents, strict=True):
        path = None if link.way == "self" else world.populations[link.parent].paths
        if path is not None:
            parts.append(np.where(held[:, None] >= 0, path[held, bins], np.float32(0)))
    return replace(made, parents=parents, latents=blend(rng, len(rows), parts, rng.uniform(0.2, 1)))


def _blank(births: np.ndarray, communities: np.ndarray, drivers: np.ndarray) -> Population:
    """Rows of which nothing is known but when they were, whom they resemble and what made them happen."""
    count = len(births)
    nothing = np.zeros((count, SIZE), np.float32)
    never, even = np.full(count, NEVER), np.zeros(count, np.float32)
    return Population(births, never, nothing, communities, even, None, drivers, nothing)


def _parents(rng: np.random.Generator, world: World, plan: TablePlan, made: Population) -> tuple[np.ndarray, ...]:
    """int64[N] for each link of ``plan``."""
    span = world.timeline.end - world.timeline.start
    found: list[np.ndarray] = []
    for link in plan.links:
        if link.way == "driver":
            found.append(made.drivers)
        elif link.way == "self":
            found.append(_earlier_rows(rng, len(made)))
        elif link.way == "copied":
            found.append(world.populations[plan.driver.parent].parents[link.of][made.drivers])
        else:
            parents = world.populations[link.parent]
            taste = Taste.draw(rng, span, of_events=parents.paths is None)
            if plan.role in ("bridge", "occasion"):
                taste = replace(taste, missing=0.0)
            chosen = choose_parents(rng, parents, made.births, made.communities, taste)
            if link.way == "twin":
                again = choose_parents(rng, parents, made.births, made.communities, replace(taste, homophily=0.0))
                chosen = np.where(chosen == found[link.of], again, chosen)
                chosen = np.where(chosen == found[link.of], -1, chosen)
            elif plan.driver is not None:
                chosen = with_habit(rng, chosen, made.drivers, taste.habit)
            found.append(chosen)
    return tuple(found)


def _latents_of(world: World, plan: TablePlan, parents: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """float32[N, SIZE] of each link's parent rows, zeros where there is none."""
    parts = []
    for link, rows in zip(plan.links, parents, strict=True):
        if link.way != "self":
            parts.append(np.where(rows[:, None] >= 0, world.populations[link.parent].latents[rows], np.float32(0)))
    return parts


def _paths_of(world: World, table: int, rows: np.ndarray) -> np.ndarray | None:
    """float32[N, bins, 2] of parent rows, None if the table has no paths (or is being made)."""
    if table >= len(world.populations) or world.populations[table].paths is None:
        return None
    return np.where(rows[:, None, None] >= 0, world.populations[table].paths[rows], np.float32(0))


def _earlier_rows(rng: np.random.Generator, count: int) -> np.ndarray:
    """int64[count]: an earlier row of the same table, recent ones or first ones preferred, -1 for roots."""
    rows = np.arange(count)
    if rng.random() < 0.5:
        earlier = np.floor(rows * rng.random(count) ** rng.uniform(1, 3))
    else:
        earlier = rows - rng.geometric(1 / rng.uniform(2, max(3, count / 10)), count)
    roots = (rng.random(count) < rng.uniform(0.05, 0.7)) | (earlier < 0) | (rows == 0)
    return np.where(roots, -1, earlier).astype(np.int64)


def _births(rng: np.random.Generator, timeline: Timeline, plan: TablePlan) -> np.ndarray:
    """int64[rows] seconds, ascending: some rows are there from the start, others come at a growing or falling pace."""
    there = rng.uniform(0.02, 0.6) if plan.clock or rng.random() < 0.5 else 1.0
    late = rng.random(plan.rows) ** np.exp(rng.normal(0, 0.5))
    moments = np.where(rng.random(plan.rows) < there, 0.0, 0.97 * late)
    moments[: max(2, plan.rows // 50)] = 0.0
    return np.sort(timeline.settled(timeline.start + moments * (timeline.end - timeline.start)))


def _deaths(rng: np.random.Generator, timeline: Timeline, made: Population, plan: TablePlan) -> np.ndarray:
    """int64[N] seconds: in many tables rows become inactive, by what their cells show and how low their path runs."""
    if plan.role != "entity" or rng.random() < 0.45:
        return made.deaths
    hazard = np.exp(-np.float32(rng.uniform(0, 2)) * made.paths[:, :, 0])
    hazard *= np.exp(np.float32(rng.uniform(0, 1)) * draw_score(rng, made.signs, 0.0))[:, None]
    hazard *= np.arange(timeline.bins) >= timeline.bin_of(made.births)[:, None]
    total = np.cumsum(hazard, axis=1)
    total *= -np.log(1 - rng.uniform(0.1, 0.9)) / total[:, -1].mean()
    dead = total > rng.exponential(1, (len(made), 1))
    when = timeline.start + (np.argmax(dead, axis=1) + rng.random(len(made))) * timeline.width
    least = made.births + max(timeline.unit, int(timeline.width / 2)) + 2
    return np.where(dead.any(axis=1), np.maximum(when.astype(np.int64), least), NEVER)
