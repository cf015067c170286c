"""The deterministic branch: named relational features of examples."""

from relfm.features.compute import compute
from relfm.features.matrix import FeatureMatrix

__all__ = ["FeatureMatrix", "compute"]
