"""A database as plain arrays: what the sampler, the network and pretraining read. NumPy and safetensors, no Arrow."""

from relfm.tensors.database import DatabaseTensors, LinkTensors, TableTensors
from relfm.tensors.storage import load_shard, save_shard
from relfm.tensors.task import Kind, TaskTensors

__all__ = ["DatabaseTensors", "Kind", "LinkTensors", "TableTensors", "TaskTensors", "load_shard", "save_shard"]
