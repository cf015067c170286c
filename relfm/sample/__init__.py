"""A generated shop database to try relfm on, and questions to ask it."""

from relfm.sample.questions import QUESTIONS, Question
from relfm.sample.shop import generate, write_sqlite

__all__ = ["QUESTIONS", "Question", "generate", "write_sqlite"]
