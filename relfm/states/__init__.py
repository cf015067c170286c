"""Learned states of rows: a database as arrays, through the network, to vectors that experts read."""

from relfm.states.encode import Encoded, encode_database, encode_task
from relfm.states.states import states_of

__all__ = ["Encoded", "encode_database", "encode_task", "states_of"]
