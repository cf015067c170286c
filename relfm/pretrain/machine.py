"""Device and precision of one process."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from relfm.errors import UsageError
from relfm.pretrain.config import MachineConfig
from relfm.pretrain.ranks import Ranks


@dataclass(frozen=True)
class Machine:
    """``autocast()`` is the precision of a forward pass; weights and optimizer stay float32."""

    device: torch.device
    precision: torch.dtype

    @classmethod
    def of(cls, config: MachineConfig, ranks: Ranks) -> "Machine":
        """UsageError if there is no such device here."""
        wanted = config.device
        if wanted == "auto":
            wanted = "cuda" if torch.cuda.is_available() else "cpu"
        if wanted.startswith("cuda") and not torch.cuda.is_available():
            raise UsageError(f"device is '{wanted}', but this machine has no GPU", hint="use --device cpu")
        number = int(wanted.partition(":")[2] or 0)
        if wanted.startswith("cuda:") and number >= torch.cuda.device_count():
            found = f"it has {torch.cuda.device_count()}, the first of which is cuda:0"
            raise UsageError(f"device is '{wanted}', but this machine has no such GPU", hint=found)
        device = torch.device("cuda", ranks.local) if wanted == "cuda" else torch.device(wanted)
        if device.type == "cuda":
            torch.cuda.set_device(device)
        low = config.precision == "bfloat16" or (config.precision == "auto" and device.type == "cuda")
        return cls(device, torch.bfloat16 if low else torch.float32)

    def autocast(self) -> AbstractContextManager[None]:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == torch.bfloat16)
