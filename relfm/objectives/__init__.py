"""Pretraining objectives, and how one step learns from several. A new one is a class in a file, a line in schemes."""

from relfm.objectives.objective import Drawn, Loss, Objective, World
from relfm.objectives.optimisation import Optimisation
from relfm.objectives.schemes import OBJECTIVES, SCHEMES

__all__ = ["OBJECTIVES", "SCHEMES", "Drawn", "Loss", "Objective", "Optimisation", "World"]
