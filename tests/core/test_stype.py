"""Semantic types are PyTorch Frame's."""

import pytest
import torch_frame

from relfm.stype import Stype


@pytest.mark.parametrize("stype", Stype)
def test_semantic_type_equals_that_of_pytorch_frame(stype: Stype) -> None:
    assert stype.to_torch_frame() is torch_frame.stype[stype.name]
    assert stype.value == torch_frame.stype[stype.name].value
