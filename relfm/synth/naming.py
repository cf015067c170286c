"""Names of tables, keys and time columns in one style a database; a few databases have names that say nothing."""

import re
from dataclasses import dataclass

import numpy as np

_CLOCKS = {
    "entity": "created_at first_seen signup_date registered_on joined_at opened_on",
    "other": "date created_at timestamp time recorded_at event_date occurred_at",
}
_WAYS = {
    "self": ("parent_", "previous_", "main_"),
    "twin": ("other_", "away_", "target_", "second_"),
    "driver": ("",),
    "chosen": ("",),
    "copied": ("",),
}
_MORE = ("main_", "other_", "external_", "local_", "old_", "special_")


@dataclass(frozen=True)
class Naming:
    """A database's habits: case ("snake" or "camel"), plural table names, the form of keys, or names without sense."""

    case: str
    plural: bool
    key_form: str
    obscure: bool

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Naming":
        form = ("table_id", "id", "table")[rng.choice(3, p=[0.55, 0.35, 0.1])]
        return cls("camel" if rng.random() < 0.2 else "snake", rng.random() < 0.75, form, rng.random() < 0.06)

    def cased(self, name: str) -> str:
        """A snake_case name in the database's case."""
        if self.case == "snake":
            return name
        first, *rest = name.split("_")
        return first + "".join(word.capitalize() for word in rest)

    def table(self, rng: np.random.Generator, words: str, taken: list[str]) -> str:
        """A name for a table that is not taken yet."""
        if self.obscure:
            return f"t{len(taken) + 1}"
        options = words.split()
        if not self.plural:
            options = [singular(o) for o in options]
        options += [more + o for more in rng.permutation(_MORE) for o in options]
        fresh = [self.cased(o) for o in options if self.cased(o) not in taken]
        return fresh[min(rng.geometric(0.5) - 1, len(words.split()) - 1, len(fresh) - 1)]

    def bridge(self, parents: list[str], taken: list[str]) -> str:
        """A name for the table that joins two others."""
        name = self.cased("_".join([singular(parents[0]), *parents[1:]])) if not self.obscure else f"t{len(taken) + 1}"
        return name if name not in taken else f"{name}_{len(taken)}"

    def key(self, table: str) -> str:
        """The name of a table's primary key."""
        return self.cased("id") if self.key_form == "id" else self.cased(f"{singular(table)}_id")

    def foreign(self, rng: np.random.Generator, parent: str, way: str, taken: list[str]) -> str:
        """The name of a foreign key to table ``parent``."""
        prefix = _WAYS[way][rng.integers(len(_WAYS[way]))]
        base = self.cased(prefix + singular(parent) + ("" if self.key_form == "table" else "_id"))
        # the plain form must not meet the name of the table's own primary key
        base = base if way != "self" or prefix else f"parent_{base}"
        return base if base not in taken else self.cased(f"{base}_{len(taken) + 1}")

    def clock(self, rng: np.random.Generator, role: str) -> str:
        """The name of a time column."""
        options = _CLOCKS["entity" if role == "entity" else "other"].split()
        return self.cased(options[rng.integers(len(options))])

    def column(self, rng: np.random.Generator, words: str, taken: set[str]) -> str:
        """One of the words that is not taken, numbered if all are."""
        if self.obscure:
            return next(f"c{n}" for n in range(1, 999) if f"c{n}" not in taken)
        options = [self.cased(w) for w in words.split()]
        fresh = [o for o in options if o not in taken]
        if fresh:
            return fresh[rng.integers(len(fresh))]
        return next(f"{options[0]}_{n}" for n in range(2, 999) if f"{options[0]}_{n}" not in taken)


def singular(name: str) -> str:
    """``matches`` to ``match``, ``categories`` to ``category``, ``orders`` to ``order``; other names as they are."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    if re.search(r"(ss|sh|ch|x)es$", name):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name
