"""The learned branch's network: cells to rows, rows over relations to states. Names enter as text vectors only."""

from relfm.model.bank import RowBank
from relfm.model.config import BACKBONES, ModelConfig
from relfm.model.network import RelationalModel

__all__ = ["BACKBONES", "ModelConfig", "RelationalModel", "RowBank"]
