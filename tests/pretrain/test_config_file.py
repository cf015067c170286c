import json
from pathlib import Path

import pytest

from relfm.errors import UsageError
from relfm.pretrain import Asked, PretrainConfig, read_settings, tree_of
from relfm.pretrain.config_file import plain_of

EXAMPLES = Path(__file__).parents[2] / "configs"


def test_the_examples_are_configurations() -> None:
    files = (EXAMPLES / "pretrain.toml", EXAMPLES / "features-head.toml")
    states, head = (Asked(config=file).settings() for file in files)
    assert states.model_config(8).text_dim == 8
    assert head.model_config().inputs > 1
    assert states.corpus.held_out == head.corpus.held_out
    assert head.file_name == "features-head"


def test_a_configuration_comes_back_from_json(tmp_path: Path) -> None:
    values = {"seed": 3, "objectives": ["a"], "model": {"depth": 3, "fanout": [4, 3, 2]}, "loop": {"average": 0}}
    config = tree_of(PretrainConfig, values)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(plain_of(config)))
    assert tree_of(PretrainConfig, read_settings(path)) == config
    assert config.model_config(8).fanout == (4, 3, 2)
    assert config.loop.average == 0.0


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ({"loop": {"step": 3}}, "unknown setting 'loop.step'", "did you mean steps?"),
        ({"sead": 3}, "unknown setting 'sead'", "did you mean seed?"),
        ({"loop": {"steps": "many"}}, "loop.steps is 'many'", "a whole number"),
        ({"loop": {"steps": True}}, "loop.steps is True", "a whole number"),
        ({"loop": 3}, "loop is 3, not a table", "write it as"),
        ({"corpus": {"only": "shop"}}, "corpus.only is 'shop'", "write a list"),
        ({"model": 2}, "model is 2", "write a table"),
        ({"loop": {"steps": 0}}, "loop.steps is 0", "at least 1"),
        ({"corpus": {"share": 1.5}}, "corpus.share is 1.5", "share < 1"),
        ({"machine": {"device": "tpu"}}, "machine.device is 'tpu'", "auto, cpu, cuda"),
        ({"machine": {"precision": "int8"}}, "machine.precision is 'int8'", "bfloat16"),
    ],
)
def test_a_mistake_is_named(values: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        tree_of(PretrainConfig, values)
    assert hint in refused.value.hint


def test_the_network_refuses_settings_that_it_does_not_have() -> None:
    with pytest.raises(UsageError, match="depht"):
        tree_of(PretrainConfig, {"model": {"depht": 2}}).model_config(8)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "seed =", "'a.toml' is not TOML"),
        ("a.json", "{", "'a.json' is not JSON"),
        ("a.yaml", "", "neither .toml nor .json"),
        ("a.toml", None, "cannot read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message):
        read_settings(tmp_path / name)


def test_the_command_line_overrides_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("seed = 1\n[loop]\nsteps = 5\nsave = 2\n[machine]\ndevice = 'cpu'\n")
    assert Asked(config=path).settings().loop.steps == 5
    config = Asked(config=path, steps=9, seed=0, minutes=2.5).settings()
    assert (config.loop.steps, config.loop.save, config.seed, config.machine.device) == (9, 2, 0, "cpu")
    assert config.machine.minutes == 2.5
