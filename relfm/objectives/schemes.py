"""Objectives by name, and the combinations of text 3 by theirs."""

from relfm.objectives.context_prediction import ContextPrediction
from relfm.objectives.domain_adversary import DomainAdversary
from relfm.objectives.edge_property import EdgeProperty
from relfm.objectives.graph_contrast import GraphContrast
from relfm.objectives.graph_property import GraphProperty
from relfm.objectives.in_context import InContext
from relfm.objectives.link_existence import LinkExistence
from relfm.objectives.masked_cells import MaskedCells
from relfm.objectives.next_window import NextWindow
from relfm.objectives.node_contrast import NodeContrast
from relfm.objectives.node_property import NodeProperty
from relfm.objectives.objective import Objective

OBJECTIVES: dict[str, type[Objective]] = {
    one.name: one
    for one in (
        MaskedCells, LinkExistence, NodeContrast, GraphContrast, GraphProperty, DomainAdversary, NodeProperty,
        EdgeProperty, ContextPrediction, NextWindow, InContext,
    )
}  # fmt: skip

_FIVE = ("node_feat_mask", "link_pred", "node_contrast", "graph_contrast", "graph_prop")

SCHEMES: dict[str, tuple[str, ...]] = {
    "b2": ("node_feat_mask",),
    "b3": ("node_contrast",),
    "b4": _FIVE,
    "s1": ("node_feat_mask", "link_pred"),
    "s2": ("node_contrast", "graph_contrast"),
    "s3": ("node_feat_mask", "link_pred", "node_contrast", "graph_contrast"),
    "s4": _FIVE,
    "s5": (*_FIVE, "domain_adv"),
    "relfm": ("in_context", "next_window", "node_feat_mask"),
    "forecast": ("in_context", "next_window", "node_feat_mask", "link_pred", "node_contrast"),
    "all": tuple(OBJECTIVES),
}
"""b4 is s4 on a single database (corpus.only). ``relfm`` is what the shipped network was trained with; ``forecast`` is
all that helps with questions about the future."""
