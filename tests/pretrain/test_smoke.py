from pathlib import Path

import pytest
from small_corpus import write_corpus

from relfm.pretrain import PretrainConfig, pretrain, tree_of
from relfm.pretrain.journal import read_journal


@pytest.mark.slow
def test_held_out_losses_fall_below_the_constant_predictors(tmp_path: Path) -> None:
    names = ["bakery", "library", "stadium", "harbour", "theatre"]
    values = {
        "objectives": ["in_context", "next_window"],
        "model": {"depth": 1, "width": 32, "fanout": [8]},
        "corpus": {"folder": str(write_corpus(tmp_path, names)), "held_out": names[-1:]},
        "loop": {"steps": 300, "databases": 1, "evaluate": 300, "save": 300, "draws": 12, "average": 0.95},
        "machine": {"device": "cpu", "threads": 1, "tensorboard": False},
    }
    pretrain(tree_of(PretrainConfig, values), tmp_path / "run", quiet=True)
    first, last = (line for line in read_journal(tmp_path / "run") if "val/ratio/total" in line)
    for objective in ("in_context", "next_window"):
        ratio = f"val/ratio/theatre/{objective}"
        assert last[ratio] < 1
        assert last[ratio] < first[ratio]
