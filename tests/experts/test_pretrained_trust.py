"""How much of the weight pretrained heads have: their trust, of the share of the experts that they were shown."""

import numpy as np
import pytest

from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.episodes import Panelled
from relfm.experts.mixture import Mixed
from relfm.experts.outputs import Outputs
from relfm.experts.pretrained import MAX_CLASSES, MIN_CONTEXT, trust_in_heads
from relfm.learned import learned
from relfm.task import TargetKind

WEIGHTS = {"prior": 0.1, "linear": 0.5, "trees": 0.4}


def case(kind: TargetKind, held: int = 60, classes: int = 2) -> tuple[Mixed, Panelled]:
    """A mixture of two closed forms and trees, which hold two fifths of the weight."""
    values, targets = np.zeros((held, 1), np.float32), np.arange(held, dtype=np.float64) % classes
    outputs = Outputs.of(kind, targets, classes)
    design = Design.fit(values, outputs.encode(targets), 1)
    rows = Rows(values, design.transform(values))
    flat = np.full((held, outputs.num_outputs), 0.5)
    parts = dict.fromkeys(WEIGHTS, flat)
    return Mixed(flat, parts, WEIGHTS, np.arange(held), flat, parts), Panelled(outputs, design, rows, rows, targets)


@pytest.mark.parametrize("kind", [TargetKind.BINARY, TargetKind.REGRESSION])
def test_what_no_head_was_shown_keeps_its_weight(kind: TargetKind) -> None:
    shipped = learned("relfm-small")
    trust = shipped.trust if kind is TargetKind.BINARY else shipped.trust_in_numbers
    assert 0 <= trust < 1
    assert trust_in_heads(shipped, *case(kind)) == pytest.approx(trust * 0.6)


def test_heads_alone_have_all_of_the_weight() -> None:
    assert trust_in_heads(learned("relfm-small:alone"), *case(TargetKind.BINARY)) == 1


def test_heads_have_no_say_where_they_never_learned_any() -> None:
    shipped = learned("relfm-small")
    assert trust_in_heads(None, *case(TargetKind.BINARY)) == 0
    assert trust_in_heads(shipped, *case(TargetKind.BINARY, held=MIN_CONTEXT - 1)) == 0
    assert trust_in_heads(shipped, *case(TargetKind.BINARY, held=MIN_CONTEXT)) > 0
    assert trust_in_heads(shipped, *case(TargetKind.MULTICLASS, classes=MAX_CLASSES + 1)) == 0
    assert trust_in_heads(shipped, *case(TargetKind.MULTICLASS, classes=MAX_CLASSES)) > 0
