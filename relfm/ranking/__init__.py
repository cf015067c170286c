"""Links ranked in context: which items an entity will meet next."""

from relfm.ranking.rank import rank

__all__ = ["rank"]
