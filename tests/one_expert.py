"""What an expert is given, made from plain arrays: for tests that ask one expert alone."""

import numpy as np

from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.outputs import Outputs
from relfm.task import TargetKind

BINARY = Outputs.of(TargetKind.BINARY, np.array([0.0, 1.0]))


def fitted(values: np.ndarray, targets: np.ndarray, queries: np.ndarray) -> tuple:
    """(design, outputs, context, shown, queries), as every expert takes them."""
    shown = BINARY.encode(targets)
    design = Design.fit(values, shown, 8)
    sides = [Rows(v, design.transform(v)) for v in (values, queries)]
    return design, BINARY, sides[0], shown, sides[1]
