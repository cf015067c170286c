"""The shop's products: what they are called and cost, and how often they disappoint.

Every category has a product from the first day, so that there is always something to buy.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relfm.sample.calendar import NUM_DAYS, to_datetime64

NUM_PRODUCTS = 260
CATEGORIES = ("coffee", "tea", "kitchen", "books", "garden", "toys", "office", "wellness")
_TYPICAL_PRICE = np.array([11.0, 8.0, 38.0, 17.0, 27.0, 24.0, 33.0, 19.0])
_BRANDS = (
    "Alder", "Brook", "Cinder", "Dovetail", "Ember", "Fennel", "Gable", "Harbour", "Ivory", "Juniper",
    "Kestrel", "Larch", "Meadow", "Nettle", "Orchard", "Pebble", "Quarry", "Rowan", "Saffron", "Thistle",
)  # fmt: skip
_THINGS = {
    "coffee": ("espresso beans", "filter roast", "decaf blend", "cold brew sachets"),
    "tea": ("green tea", "breakfast blend", "herbal infusion", "loose leaf sampler"),
    "kitchen": ("chef's knife", "cast-iron pan", "mixing bowls", "spice grinder"),
    "books": ("travel guide", "crime novel", "cookery book", "picture book"),
    "garden": ("pruning shears", "seed collection", "watering can", "raised bed kit"),
    "toys": ("wooden train", "puzzle", "building blocks", "card game"),
    "office": ("fountain pen", "desk lamp", "notebook set", "monitor stand"),
    "wellness": ("yoga mat", "bath salts", "massage roller", "candle set"),
}
_CHEAP = ("simple and practical", "everyday quality at a fair price", "a good first choice")
_DEAR = ("hand-finished in small batches", "made to last a lifetime", "our finest, in a gift box")
_AUDIENCES = ("for small homes", "for the whole family", "for enthusiasts", "for busy mornings", "for quiet evenings")


@dataclass(frozen=True)
class Catalogue:
    """P products, sorted by launch day, with what nobody writes down: ``appeal`` and ``defect``.

    table     the products table        category  int64[P]    launched  float64[P] days    price  float64[P]
    appeal    float64[P] > 0            defect    float64[P], higher disappoints more often
    """

    table: pd.DataFrame
    category: np.ndarray
    launched: np.ndarray
    price: np.ndarray
    appeal: np.ndarray
    defect: np.ndarray

    def draw(self, category: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """int64[n]: a product of each wanted category, by appeal, from uniform numbers in [0, 1)."""
        order = np.argsort(self.category, kind="stable")
        ends = np.cumsum(self.appeal[order])
        low = np.searchsorted(self.category[order], category)
        high = np.searchsorted(self.category[order], category, side="right") - 1
        before = ends[low] - self.appeal[order][low]
        drawn = np.searchsorted(ends, before + uniform * (ends[high] - before), side="right")
        return order[np.clip(drawn, low, high)]

    def available(self, products: np.ndarray, days: np.ndarray) -> np.ndarray:
        """int64[n]: the same products, or their category's oldest one where they are not launched yet."""
        oldest = np.array([np.flatnonzero(self.category == c)[0] for c in range(len(CATEGORIES))])
        return np.where(self.launched[products] <= days, products, oldest[self.category[products]])


def stock(rng: np.random.Generator) -> Catalogue:
    """The catalogue: 40 % of it from the opening, the rest launched through the years."""
    category = np.concatenate([np.arange(len(CATEGORIES)), rng.integers(len(CATEGORIES), size=NUM_PRODUCTS)])
    category = category[:NUM_PRODUCTS]
    launched = np.where(rng.random(NUM_PRODUCTS) < 0.4, 0.0, np.floor(rng.uniform(0, NUM_DAYS - 30, NUM_PRODUCTS)))
    launched[: len(CATEGORIES)] = 0.0
    order = np.argsort(launched, kind="stable")
    category, launched = category[order], launched[order]
    price = np.round(_TYPICAL_PRICE[category] * rng.lognormal(0, 0.5, NUM_PRODUCTS), 1) + 0.09
    brand = rng.integers(len(_BRANDS), size=NUM_PRODUCTS)
    defect = 0.8 * rng.normal(size=len(_BRANDS))[brand] + 0.6 * rng.normal(size=NUM_PRODUCTS)
    table = pd.DataFrame(
        {
            "id": np.arange(1, NUM_PRODUCTS + 1),
            "category": np.array(CATEGORIES, dtype=object)[category],
            "brand": np.array(_BRANDS, dtype=object)[brand],
            "list_price": np.round(price, 2),
            "launched": to_datetime64(launched),
            "description": _descriptions(rng, category, price),
        }
    )
    return Catalogue(table, category, launched, np.round(price, 2), rng.lognormal(0, 0.9, NUM_PRODUCTS), defect)


def _descriptions(rng: np.random.Generator, category: np.ndarray, price: np.ndarray) -> np.ndarray:
    choices = rng.integers(60, size=(len(category), 3))
    is_dear = price > _TYPICAL_PRICE[category]
    texts = [
        f"{things[a % len(things)].capitalize()}, {tones[b % len(tones)]}, {_AUDIENCES[c % len(_AUDIENCES)]}."
        for things, tones, (a, b, c) in zip(
            (_THINGS[CATEGORIES[i]] for i in category), (_DEAR if d else _CHEAP for d in is_dear), choices, strict=True
        )
    ]
    return np.array(texts, dtype=object)
