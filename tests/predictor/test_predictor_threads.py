"""How many cores there are decides how long an answer takes, and nothing else."""

import pytest
from invariance import differences
from random_networks import networks
from timed_shop import AT, QUESTIONS, frames

from relfm import Predictor, threads
from relfm.connectors import connect


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "forecast", "imputation"])
def test_one_core_and_four_answer_the_same_to_the_last_bit(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    shop, answers = connect(frames(80, 900), cache=False), []
    for cores in (1, 4):
        monkeypatch.setattr(threads, "num_cores", lambda cores=cores: cores)
        answers.append(Predictor(model=networks()).predict(shop, QUESTIONS[kind], at=AT))
    assert not differences(*answers)
