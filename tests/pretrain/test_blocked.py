import json
from pathlib import Path

import pytest

from relfm.pretrain.blocked import NAMES, Blocked

F1 = frozenset(range(100, 200))
BLOCKED = Blocked(NAMES, {"rel-f1": F1})


@pytest.mark.parametrize("name", ["rel-f1", "rel_f1", "REL-F1", "relf1"])
def test_a_benchmark_is_known_by_its_name(name: str) -> None:
    assert BLOCKED.why(name, "somewhere", frozenset()) == "is the benchmark database rel-f1"


def test_a_benchmark_is_known_by_its_source() -> None:
    why = BLOCKED.why("races", "https://huggingface.co/relbench/rel-f1", frozenset())
    assert why == "is the benchmark database rel-f1"
    assert BLOCKED.why("races", "https://example.com/rel-f11", frozenset()) is None


@pytest.mark.parametrize(("shared", "known"), [(100, True), (50, True), (31, True), (30, False), (0, False)])
def test_a_benchmark_is_known_by_its_content(shared: int, known: bool) -> None:
    held = frozenset(range(100, 100 + shared)) | frozenset(range(1000, 5000))
    why = BLOCKED.why("races", "somewhere", held)
    assert (why is not None) == known
    if known:
        assert why == f"shares {shared} of 100 fingerprints with the benchmark database rel-f1"


def test_the_file_adds_to_the_names(tmp_path: Path) -> None:
    path = tmp_path / "blocked.json"
    path.write_text(json.dumps({"names": ["mine"], "fingerprints": {"yours": [1, 2, 3]}}))
    blocked = Blocked.read(path)
    assert {*NAMES, "mine", "yours"} == set(blocked.names)
    assert blocked.why("a", "b", frozenset({1, 2, 3})) is not None
    assert blocked.why("yours", "b", frozenset()) is not None


def test_the_shipped_list_has_the_public_benchmark() -> None:
    assert Blocked.read().why("rel-f1", "relbench", frozenset()) is not None
