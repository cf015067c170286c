"""Pretrained heads on the panel: they read the closed forms' held-out answers and join the mixture beside them."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from relfm.experts.episodes import Panelled
from relfm.experts.mixture import Answers, Mixed
from relfm.heads.episode import EXPERTS
from relfm.learned import FEATURES_HEAD, STATES_HEAD, Learned
from relfm.task import TargetKind

if TYPE_CHECKING:
    from relfm.heads.network import InContextHead

MIN_CONTEXT = 40
"""With fewer held-out rows than a head ever saw in training it abstains."""

MAX_CLASSES = 10


def trust_in_heads(learned: Learned | None, mixed: Mixed, block: Panelled) -> float:
    """The weight that goes to the pretrained heads; 0 if they have no say here."""
    if learned is None or len(mixed.late) < MIN_CONTEXT:
        return 0.0
    is_number = block.outputs.kind not in (TargetKind.BINARY, TargetKind.MULTICLASS)
    if not is_number and block.outputs.num_outputs > MAX_CLASSES:
        return 0.0
    # Their trust was chosen by how they fared on other databases. Fitting weights on the held-out rows as well was no
    # better there, and worse for numbers.
    trust = learned.trust_in_numbers if is_number else learned.trust
    if trust < 1:  # what no head was shown, none may talk down
        trust *= sum(share for name, share in mixed.weights.items() if name in EXPERTS)
    return trust


def heads_of(learned: Learned, mixed: Mixed, block: Panelled) -> list[Callable[[], list[Answers]]]:
    """What to call for the answers of each pretrained head that there is."""
    calls = []
    if learned.features_head is not None:
        calls.append(partial(_told, FEATURES_HEAD, learned.features_head, mixed, block))
    if learned.states_head is not None and block.context.states is not None:
        calls.append(partial(_told, STATES_HEAD, learned.states_head, mixed, block))
    return calls


def _told(name: str, head: "InContextHead", mixed: Mixed, block: Panelled) -> list[Answers]:
    """Probabilities float64[L, K] of the held-out rows, each from rows that it is not among, and float64[Q, K] of the
    queries."""
    from relfm.heads.answering import answer_context, answer_queries

    episode = (block.over_states() if name == STATES_HEAD else block).episode(mixed)
    odds = answer_context(head, episode), answer_queries(head, episode)
    known, asked = (block.outputs.normalise(1 / (1 + np.exp(-o.astype(np.float64)))) for o in odds)
    return [(name, known, asked)]
