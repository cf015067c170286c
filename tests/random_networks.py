"""Pretrained networks whose weights mean nothing: what they must obey does not depend on what they learned."""

from functools import lru_cache

from relfm.heads.config import HeadConfig
from relfm.heads.network import InContextHead
from relfm.heads.random import randomise
from relfm.learned import Learned
from relfm.model import ModelConfig, RelationalModel


@lru_cache(maxsize=1)
def networks() -> Learned:
    """A head over features, one over states, and a network for states; all have a say in everything."""
    config = HeadConfig(width=16, layers=1, heads=2, inputs=16, clusters=2)
    heads = [randomise(InContextHead(config), seed).eval() for seed in range(2)]
    model = randomise(RelationalModel(ModelConfig(depth=2, width=16, heads=2, fanout=(4, 2))), 0).eval()
    return Learned("random", *heads, model, trust=0.5, trust_in_numbers=0.5)
