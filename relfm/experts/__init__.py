"""In-context experts, and the mixture that weighs them."""

from relfm.experts.panel import Budget, Effort

__all__ = ["Budget", "Effort"]
