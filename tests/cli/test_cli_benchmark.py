import json

import pytest

from relfm.benchmarks import run as runner
from relfm.benchmarks.results import Result

RESULT = Result("rel-f1", "driver-dnf", "rolling", "test", "relfm", "auroc", 0.85, 702, 3.2, 0)


def test_without_a_protocol_it_refuses(relfm):
    outcome = relfm("benchmark", "rel-f1", "driver-dnf")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: a benchmark needs a protocol\n  hint: --protocol frozen")


def test_an_unknown_protocol_is_refused(relfm):
    outcome = relfm("benchmark", "rel-f1", "--protocol", "lucky")
    assert outcome.code == 2
    assert "unknown protocol 'lucky'" in outcome.err


def test_results_must_be_json_lines(relfm):
    outcome = relfm("benchmark", "rel-f1", "--protocol", "rolling", "-o", "results.csv")
    assert outcome.code == 2
    assert outcome.err.startswith("error: 'results.csv' is not a .jsonl file")


@pytest.fixture
def asked(monkeypatch):
    """What the runner was asked for."""
    seen = {}

    def run(dataset, tasks, **options):
        seen.update(options, dataset=dataset, tasks=list(tasks))
        return [RESULT]

    monkeypatch.setattr(runner, "run", run)
    return seen


def test_scores_are_lines_with_the_documented_keys(relfm, asked):
    outcome = relfm("benchmark", "rel-f1", "driver-dnf", "--protocol", "rolling")
    (line,) = [json.loads(text) for text in outcome.out.splitlines()]
    documented = ["dataset", "task", "protocol", "split", "method", "metric", "value", "rows", "seconds", "seed"]
    assert list(line)[: len(documented)] == documented
    assert line["value"] == 0.85


def test_the_runner_gets_what_was_said(relfm, asked, tmp_path):
    said = ["--protocol", "frozen", "--split", "val", "--methods", "relfm, lightgbm", "--seed", "4"]
    outcome = relfm("benchmark", "rel-f1", "driver-dnf", "driver-top3", *said, "-o", "results.jsonl", "--force")
    assert outcome.code == 0, outcome.err
    assert asked["tasks"] == ["driver-dnf", "driver-top3"]
    assert (asked["protocol"], asked["split"], asked["seed"], asked["force"]) == ("frozen", "val", 4, True)
    assert asked["methods"] == ("relfm", "lightgbm")
    assert "scores are in results.jsonl" in outcome.err
