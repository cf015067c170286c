"""Pretraining across databases: torch, NumPy, numba, safetensors and prepared shards, nothing else."""

from relfm.pretrain.asked import Asked
from relfm.pretrain.config import CorpusConfig, LoopConfig, MachineConfig, OptimisationConfig, PretrainConfig
from relfm.pretrain.config_file import read_settings, tree_of
from relfm.pretrain.head_config import HeadPretrainConfig
from relfm.pretrain.loop import pretrain

__all__ = [
    "Asked",
    "CorpusConfig",
    "HeadPretrainConfig",
    "LoopConfig",
    "MachineConfig",
    "OptimisationConfig",
    "PretrainConfig",
    "pretrain",
    "read_settings",
    "tree_of",
]
