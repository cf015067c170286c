import json
from pathlib import Path

from random_networks import networks

from relfm.checkpoint import save_checkpoint


def small_model(folder: Path) -> Path:
    """A folder with a small network behind states, of random weights."""
    folder.mkdir()
    model = networks().model
    header = {"kind": "states", "config": model.config.to_dict()}
    save_checkpoint(folder / "states.safetensors", model.state_dict(), header)
    return folder


def test_it_writes_networks_that_predict_and_models_understand(relfm, shop, churn, tmp_path):
    base = small_model(tmp_path / "base")
    outcome = relfm("adapt", shop, churn, "-o", "mine", "--model", base, "--steps", 3, "--how", "probe", "--json")
    assert outcome.code == 0, outcome.err
    told = json.loads(outcome.out)
    assert {row["method"] for row in told["rows"]} >= {"relfm", "relfm+network"}
    assert told["adapted"]["how"] == "probe"
    assert told["adapted"]["course"][0]["step"] == 0
    assert "Adapted network: " in outcome.err
    assert sorted(file.name for file in (tmp_path / "mine").iterdir()) == [
        "features-head.safetensors",
        "states.safetensors",
    ]
    predicted = relfm("predict", shop, churn, "--model", "mine", "--limit", 3, "-v")
    assert (predicted.code, len(predicted.out.splitlines())) == (0, 3)
    assert "linear-states" in predicted.err
    early = relfm("predict", shop, churn, "--model", "mine", "--at", "2022-06-01")
    assert early.code == 6
    assert "hint: ask for a later --at" in early.err
    assert "adapted (probe) to" in relfm("models", "--path", "mine").out


def test_a_folder_that_holds_networks_is_left_alone(relfm, shop, churn, tmp_path):
    small_model(tmp_path / "mine")
    before = (tmp_path / "mine" / "states.safetensors").read_bytes()
    outcome = relfm("adapt", shop, churn, "-o", "mine")
    assert outcome.code == 2
    assert "holds networks" in outcome.err
    assert (tmp_path / "mine" / "states.safetensors").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told_before_any_work(relfm, shop, churn, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = relfm("adapt", shop, churn, "-o", "file/mine")
    assert outcome.code == 2
    assert "cannot write 'file/mine'" in outcome.err
    assert "step" not in outcome.err
