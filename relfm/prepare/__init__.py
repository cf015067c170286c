"""From databases to what pretraining reads: shards with questions and answers, and episodes for the heads."""

from relfm.prepare.corpus import prepare

__all__ = ["prepare"]
