"""The schema graph: which tables there are, how large, and which point at which."""

from dataclasses import dataclass, field, replace

import numpy as np

from relfm.synth.domains import DOMAINS, Domain
from relfm.synth.naming import Naming

ROLES = ("dimension", "entity", "bridge", "occasion", "action", "detail")
"""In the order in which tables are made: a table points at earlier ones, or at itself."""

_EXTRA = {"dimension": 0.24, "entity": 0.2, "bridge": 0.05, "occasion": 0.1, "action": 0.19, "detail": 0.22}


@dataclass(frozen=True)
class LinkPlan:
    """A foreign key to come: ``way`` is "driver", "chosen", "self", "twin" (a second key to the table of ``of``,
    another row) or "copied" (the row that the driver's row points at by its link ``of``)."""

    parent: int
    column: str
    way: str
    of: int = -1


@dataclass(frozen=True)
class TablePlan:
    """A table to come: role, name, key, name of the time column (None: timeless), links and about how many rows."""

    role: str
    name: str
    key: str
    clock: str | None
    links: tuple[LinkPlan, ...] = field(default=())
    rows: int = 0

    @property
    def driver(self) -> LinkPlan | None:
        """The link whose parent rows make this table's rows happen."""
        return next((link for link in self.links if link.way == "driver"), None)


@dataclass(frozen=True)
class SchemaPlan:
    """All tables to come, in the order in which they are made."""

    domain: Domain
    naming: Naming
    tables: tuple[TablePlan, ...]


def draw_schema(rng: np.random.Generator, rows: int, tables: int | None) -> SchemaPlan:
    """A schema of ``tables`` tables (None: 2 to 12) with about ``rows`` rows in all."""
    domain = DOMAINS[rng.integers(len(DOMAINS))]
    naming = Naming.draw(rng)
    count = tables if tables is not None else int(np.clip(rng.lognormal(2.05, 0.45), 2, 12))
    plans: list[TablePlan] = []
    for role in _roles(rng, count):
        name = naming.table(rng, getattr(domain, "entity" if role == "bridge" else role), [p.name for p in plans])
        links = _links(rng, role, plans, naming, len(plans), name)
        if role == "bridge":
            name = naming.bridge([plans[link.parent].name for link in links], [p.name for p in plans])
        timed = role in ("occasion", "action", "detail") or any(
            plans[link.parent].clock for link in links if link.way != "self"
        )
        timed = timed or (role == "entity" and rng.random() < 0.4)
        plans.append(TablePlan(role, name, naming.key(name), naming.clock(rng, role) if timed else None, links))
    return SchemaPlan(domain, naming, _sized(rng, plans, rows))


def _roles(rng: np.random.Generator, count: int) -> list[str]:
    chosen = ["entity", "action"] if rng.random() < 0.7 or count < 3 else ["entity", "occasion", "detail"]
    names, weights = list(_EXTRA), np.array(list(_EXTRA.values()))
    while len(chosen) < count:
        role = names[rng.choice(len(names), p=weights / weights.sum())]
        if chosen.count(role) < max(4, count // 3) and (role != "bridge" or chosen.count("entity") > 1):
            chosen.append(role)
    return sorted(chosen, key=ROLES.index)


def _links(
    rng: np.random.Generator, role: str, plans: list[TablePlan], naming: Naming, own: int, name: str
) -> tuple[LinkPlan, ...]:
    by_role = {r: [i for i, p in enumerate(plans) if p.role == r] for r in ROLES}
    parents: list[tuple[int, str, int]] = []
    dimensions = _some(rng, by_role["dimension"], 0.38 if role != "detail" else 0.2, 2)
    match role:
        case "dimension":
            parents = [(p, "chosen", -1) for p in _some(rng, by_role["dimension"], 0.25, 1)]
        case "entity":
            parents = [(p, "chosen", -1) for p in [*_some(rng, by_role["entity"], 0.3, 1), *dimensions]]
        case "bridge":
            pair = rng.permutation(by_role["entity"])[:2]
            parents = [(int(p), "chosen", -1) for p in pair]
        case "occasion":
            entities = _some(rng, by_role["entity"], 0.35, 1)
            parents = [(p, "chosen", -1) for p in [*entities, *dimensions]]
            if entities and rng.random() < 0.6:
                parents.insert(1, (entities[0], "twin", 0))
        case "action":
            parents = _action_parents(rng, by_role, dimensions)
        case "detail":
            parents = _detail_parents(rng, by_role, dimensions, plans)
    if rng.random() < {"dimension": 0.1, "entity": 0.12, "action": 0.15}.get(role, 0):
        parents.append((own, "self", -1))
    taken: list[str] = []
    for parent, way, _ in parents:
        taken.append(naming.foreign(rng, plans[parent].name if parent < own else name, way, taken))
    return tuple(LinkPlan(p, column, way, of) for (p, way, of), column in zip(parents, taken, strict=True))


def _action_parents(
    rng: np.random.Generator, by_role: dict[str, list[int]], dimensions: list[int]
) -> list[tuple[int, str, int]]:
    driver = by_role["entity"][min(rng.geometric(0.6) - 1, len(by_role["entity"]) - 1)]
    others = [e for e in by_role["entity"] if e != driver]
    earlier = _some(rng, by_role["action"] + by_role["occasion"], 0.2, 1)
    parents = [(driver, "driver", -1)]
    parents += [(p, "chosen", -1) for p in [*_some(rng, others, 0.42, 2), *earlier, *dimensions]]
    if rng.random() < 0.12:
        parents.append((driver, "twin", 0))
    return parents


def _detail_parents(
    rng: np.random.Generator, by_role: dict[str, list[int]], dimensions: list[int], plans: list[TablePlan]
) -> list[tuple[int, str, int]]:
    choices = by_role["action"] + 2 * by_role["occasion"] + by_role["detail"][:1]
    driver = int(choices[rng.integers(len(choices))])
    parents = [(driver, "driver", -1)]
    likely = 0.85 if plans[driver].role == "occasion" else 0.55
    own = [i for i, link in enumerate(plans[driver].links) if link.way in ("driver", "chosen")]
    held = {plans[driver].links[i].parent for i in own}
    parents += [(p, "chosen", -1) for p in _some(rng, [e for e in by_role["entity"] if e not in held], likely, 2)]
    copied = [i for i in own if plans[driver].links[i].parent != driver and rng.random() < 0.25]
    parents += [(plans[driver].links[i].parent, "copied", i) for i in copied[:1]]
    taken = {p for p, *_ in parents}
    return parents + [(p, "chosen", -1) for p in dimensions if p not in taken]


def _some(rng: np.random.Generator, tables: list[int], share: float, most: int) -> list[int]:
    """Up to ``most`` of the tables, each with probability ``share``, in random order."""
    return [int(t) for t in rng.permutation(tables) if rng.random() < share][:most]


def _sized(rng: np.random.Generator, plans: list[TablePlan], rows: int) -> tuple[TablePlan, ...]:
    """The plans with numbers of rows that add up to about ``rows``."""
    sizes = np.zeros(len(plans))
    for i, plan in enumerate(plans):
        match plan.role:
            case "dimension":
                sizes[i] = min(np.exp(rng.uniform(np.log(3), np.log(250))), rows / 12)
            case "entity":
                sizes[i] = rows * np.exp(rng.uniform(np.log(0.004), np.log(0.2)))
            case "occasion":
                sizes[i] = rows * np.exp(rng.uniform(np.log(0.006), np.log(0.12)))
            case "bridge":
                sizes[i] = rows * rng.uniform(0.02, 0.2)
    leaves = [i for i, p in enumerate(plans) if p.role in ("action", "detail")]
    shares = rng.dirichlet(np.full(len(leaves), 1.2))
    sizes[leaves] = np.maximum(shares, 0.04) * max(rows - sizes.sum(), rows / 3)
    least = {"dimension": 3, "entity": 12, "occasion": 15}
    return tuple(replace(p, rows=max(int(s), least.get(p.role, 20))) for p, s in zip(plans, sizes, strict=True))
