"""Temporal neighbour sampling: what was visible around a row at a moment, most recent first."""

from relfm.sampler.neighbourhood import Neighbourhood
from relfm.sampler.sampler import Sampler

__all__ = ["Neighbourhood", "Sampler"]
