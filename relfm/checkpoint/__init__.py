"""Weights in files: safetensors with a header that says what they are, and those that come with relfm."""

from relfm.checkpoint.card import Card, available, cards_of, shared_network, shipped_folder
from relfm.checkpoint.file import FORMAT, TRAINING, load_checkpoint, read_header, save_checkpoint
from relfm.checkpoint.strict import fill

__all__ = [
    "FORMAT",
    "TRAINING",
    "Card",
    "available",
    "cards_of",
    "fill",
    "load_checkpoint",
    "read_header",
    "save_checkpoint",
    "shared_network",
    "shipped_folder",
]
