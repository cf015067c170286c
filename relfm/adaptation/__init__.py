"""Adaptation: a pretrained network fitted to one question of one database. The result is a network like any other."""

from relfm.adaptation.adapted import BASE, STEPS, Adapted, adapt, fitted, made_ready, network_of
from relfm.adaptation.ways import WAYS

__all__ = ["BASE", "STEPS", "WAYS", "Adapted", "adapt", "fitted", "network_of", "made_ready"]
