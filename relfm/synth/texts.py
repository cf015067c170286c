"""Made-up names, and short texts whose words tell what the row is like."""

from collections.abc import Callable

import numpy as np

from relfm.synth.words import ENDINGS, GIVEN, QUALITIES, SYLLABLES, TOPICS

_SYLLABLES, _ENDINGS, _GIVEN = SYLLABLES.split(), ENDINGS.split(), GIVEN.split()
_QUALITIES = [QUALITIES[q].split() for q in ("bad", "plain", "good")]
_TOPICS = [topic.split() for topic in TOPICS]
_FORMS = ("{a} {n}", "{n}: {a} {m}", "{a} {n} and {m}", "the {n} was {a}", "{n} {m}, {a}")


def made_up(rng: np.random.Generator, count: int) -> tuple[str, ...]:
    """``count`` distinct names of a few syllables."""
    names: dict[str, None] = {}
    while len(names) < count:
        missing = count - len(names)
        parts = rng.integers(len(_SYLLABLES), size=(missing, 3))
        ends, long = rng.integers(len(_ENDINGS), size=missing), rng.random(missing) < 0.3 + 0.6 * (count > 400)
        for (a, b, c), end, more in zip(parts.tolist(), ends.tolist(), long.tolist(), strict=True):
            middle = _SYLLABLES[b] + _SYLLABLES[c] if more else _SYLLABLES[b]
            names[(_SYLLABLES[a] + middle + _ENDINGS[end]).capitalize()] = None
    return tuple(names)


def person_names(rng: np.random.Generator, count: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes int32[count] and strings: first and family names, some of them twice."""
    families = made_up(rng, max(4, int(count**0.7)))
    codes = rng.integers(len(_GIVEN), size=count) * len(families) + rng.integers(len(families), size=count)
    return compacted(codes, lambda c: f"{_GIVEN[c // len(families)]} {families[c % len(families)]}")


def phrases(rng: np.random.Generator, score: np.ndarray, communities: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes int32[n] and strings: nouns of the community's topic, adjectives by the score's sign; nouns may stray."""
    count = len(score)
    topics = rng.permutation(len(_TOPICS))[communities % len(_TOPICS)]
    topics = np.where(rng.random(count) < 0.2, rng.integers(len(_TOPICS), size=count), topics)
    mood = (score > -0.5).astype(np.int64) + (score > 0.5)
    words = min(len(q) for q in _QUALITIES)
    digits = rng.integers(words, size=count), rng.integers(5, size=count), rng.integers(5, size=count)
    form = rng.integers(len(_FORMS)) if rng.random() < 0.6 else None
    forms = np.full(count, form) if form is not None else rng.integers(len(_FORMS), size=count)
    codes = ((((topics * 3 + mood) * words + digits[0]) * 5 + digits[1]) * 5 + digits[2]) * len(_FORMS) + forms
    return compacted(codes, lambda c: _phrase(c, words))


def _phrase(code: int, words: int) -> str:
    code, form = divmod(code, len(_FORMS))
    code, second = divmod(code, 5)
    code, first = divmod(code, 5)
    code, quality = divmod(code, words)
    topic, mood = divmod(code, 3)
    nouns = _TOPICS[topic]
    return _FORMS[form].format(a=_QUALITIES[mood][quality], n=nouns[first], m=nouns[second])


def compacted(codes: np.ndarray, spell: Callable[[int], str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes renumbered to int32[n] without gaps, and the string of each (equal strings share a number)."""
    distinct, places = np.unique(codes, return_inverse=True)
    numbers: dict[str, int] = {}
    renumbered = np.array([numbers.setdefault(spell(int(c)), len(numbers)) for c in distinct], np.int32)
    return renumbered[places] if len(codes) else np.zeros(0, np.int32), tuple(numbers)
