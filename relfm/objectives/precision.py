"""Full precision where sums and small temperatures need it, whatever the forward pass around it uses."""

from contextlib import AbstractContextManager

import torch
from torch import Tensor


def exact(like: Tensor) -> AbstractContextManager[None]:
    """Within, no operation on tensors of that device is lowered to bfloat16; inputs must be float32 already."""
    return torch.autocast(like.device.type, enabled=False)
