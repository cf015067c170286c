"""Pretrained heads on the panel: they read the closed forms' held-out answers and join the mixture beside them."""

from typing import TYPE_CHECKING

import numpy as np

from relfm.experts.episodes import Panelled
from relfm.experts.mixture import Answers, Mixed, joined
from relfm.experts.outputs import Outputs
from relfm.heads.episode import EXPERTS, Episode
from relfm.learned import FEATURES_HEAD, STATES_HEAD, Learned
from relfm.task import TargetKind
from relfm.threads import few_torch_threads

if TYPE_CHECKING:
    from relfm.heads.network import InContextHead

MIN_CONTEXT = 40
"""With fewer held-out rows than a head ever saw in training it abstains."""

MAX_CLASSES = 10


def heads_join(learned: Learned | None, mixed: Mixed, block: Panelled) -> Mixed:
    """The mixture with the pretrained heads that there are; unchanged if none has a say here."""
    if learned is None or len(mixed.late) < MIN_CONTEXT:
        return mixed
    is_number = block.outputs.kind not in (TargetKind.BINARY, TargetKind.MULTICLASS)
    trust = learned.trust_in_numbers if is_number else learned.trust
    if trust <= 0 or (not is_number and block.outputs.num_outputs > MAX_CLASSES):
        return mixed
    found: list[Answers] = []
    if learned.features_head is not None:
        found.append((FEATURES_HEAD, *answers(learned.features_head, block.outputs, block.episode(mixed))))
    if learned.states_head is not None and block.context.states is not None:
        found.append((STATES_HEAD, *answers(learned.states_head, block.outputs, block.over_states().episode(mixed))))
    # Their trust was chosen by how they fared on other databases. Fitting weights on the held-out rows as well was no
    # better there, and worse for numbers.
    if trust < 1:  # what no head was shown, none may talk down
        trust *= sum(share for name, share in mixed.weights.items() if name in EXPERTS)
    return joined(block.outputs, mixed, found, trust)


def answers(head: "InContextHead", outputs: Outputs, episode: Episode) -> tuple[np.ndarray, np.ndarray]:
    """float64[C, K] and float64[Q, K] probabilities: of the context rows, each from rows that it is not among, and of
    the queries."""
    from relfm.heads.answering import answer_context, answer_queries

    with few_torch_threads():
        known, asked = answer_context(head, episode), answer_queries(head, episode)
    return tuple(outputs.normalise(1 / (1 + np.exp(-odds.astype(np.float64)))) for odds in (known, asked))
