"""Random predictive questions for any schema, in the question language, with their answers."""

from relfm.questions.answer import Answered, answered, usable_questions
from relfm.questions.draw import draw_questions

__all__ = ["Answered", "answered", "draw_questions", "usable_questions"]
