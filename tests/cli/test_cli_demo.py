import pytest

from relfm import sample


@pytest.fixture(autouse=True)
def small_shop(monkeypatch):
    """The same shop with fewer customers."""
    write = sample.write_sqlite
    monkeypatch.setattr(sample, "write_sqlite", lambda path, seed: write(path, seed, customers=120))


def test_the_demo_writes_describes_predicts_and_says_what_is_next(relfm, tmp_path):
    outcome = relfm("demo", "--effort", "fast")
    assert outcome.code == 0, outcome.err
    assert (tmp_path / "relfm-demo.db").is_file()
    lines = outcome.out.splitlines()
    assert any(line.split()[:3] == ["customers", "120", "id"] for line in lines)
    header = next(line.split() for line in lines if "probability" in line)
    assert header == ["id", "cutoff", "prediction", "probability", "baseline"]
    assert '  relfm backtest relfm-demo.db "PREDICT' in outcome.out
    assert '  relfm explain relfm-demo.db "PREDICT' in outcome.out
    assert "learned in context from" in outcome.err


def test_the_demo_keeps_a_database_that_is_there(relfm, tmp_path):
    sample.write_sqlite(tmp_path / "mine.db", 0)
    before = (tmp_path / "mine.db").read_bytes()
    outcome = relfm("demo", "-o", "mine.db", "--effort", "fast")
    assert "mine.db exists and is used as it is" in outcome.err
    assert (tmp_path / "mine.db").read_bytes() == before
