"""The predictive query language: one line of text that asks about the future of a database."""

from relfm.query.english import english
from relfm.query.nodes import PredictiveQuery
from relfm.query.parser import parse

__all__ = ["PredictiveQuery", "english", "parse"]
