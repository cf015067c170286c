"""Processes that train together (torchrun): every one its own databases, gradients averaged, one that writes.

Alone, everything here costs nothing.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed

PATIENCE = timedelta(hours=1)
"""How long the others wait while the first evaluates."""


@dataclass(frozen=True)
class Ranks:
    """This process's place among ``count``; ``local`` on its machine."""

    rank: int = 0
    count: int = 1
    local: int = 0

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Every tensor becomes its mean over the processes, in place: one message for each type of number."""
        if self.count == 1:
            return
        by_type: dict[torch.dtype, list[Tensor]] = {}
        for tensor in tensors:
            by_type.setdefault(tensor.dtype, []).append(tensor)
        for held in by_type.values():
            flat = torch.cat([t.reshape(-1) for t in held])
            distributed.all_reduce(flat)
            flat /= self.count
            for tensor, part in zip(held, flat.split([t.numel() for t in held]), strict=True):
                tensor.copy_(part.view_as(tensor))

    def agree(self, holds: bool, device: torch.device) -> bool:
        """Whether it holds in all of them."""
        if self.count == 1:
            return holds
        told = torch.tensor([float(holds)], device=device)
        distributed.all_reduce(told, distributed.ReduceOp.MIN)
        return bool(told)

    def share(self, value: float, device: torch.device) -> float:
        """What the first process holds, on all of them."""
        if self.count == 1:
            return value
        told = torch.tensor([value], dtype=torch.float64, device=device)
        distributed.broadcast(told, 0)
        return float(told)

    def wait(self) -> None:
        """Until all have come here."""
        if self.count > 1:
            distributed.barrier()


@contextmanager
def ranks(device: str) -> Iterator[Ranks]:
    """The processes that torchrun started, or this one alone; NCCL on GPUs, gloo on CPUs."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks()
        return
    on_gpu = device != "cpu" and torch.cuda.is_available()
    distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE)
    try:
        yield Ranks(distributed.get_rank(), distributed.get_world_size(), int(os.environ.get("LOCAL_RANK", "0")))
    finally:
        distributed.destroy_process_group()
