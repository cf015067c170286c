"""Random predictive questions for any schema, in the question language, with their answers."""

from relfm.questions.answer import Answered, answered
from relfm.questions.draw import draw_questions

__all__ = ["Answered", "answered", "draw_questions"]
