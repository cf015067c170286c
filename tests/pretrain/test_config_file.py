import inspect
import json
from pathlib import Path

import pytest

from relfm.errors import UsageError
from relfm.objectives import Optimisation
from relfm.pretrain import Asked, HeadPretrainConfig, OptimisationConfig, PretrainConfig, read_settings, tree_of
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
        ({"machine": {"device": "cpu:x"}}, "machine.device is 'cpu:x'", "cuda:1 for the second GPU"),
        ({"machine": {"device": "auto:1"}}, "machine.device is 'auto:1'", "auto, cpu, cuda"),
        ({"seed": 10**23}, "seed is 10", "0 to 9,223,372,036,854,775,807"),
        ({"name": ""}, "name is ''", "letters"),
        ({"name": "../../evil"}, "name is '../../evil'", "letters"),
        ({"kind": "features-head", "name": "a/b"}, "name is 'a/b'", "letters"),
        ({"optimisation": {"rat": 1.0}}, "unknown setting 'optimisation.rat'", "did you mean rate?"),
        ({"optimisation": {"model": 1.0}}, "unknown setting 'optimisation.model'", "there are: rate"),
        ({"optimisation": {"rate": "fast"}}, "optimisation.rate is 'fast'", "a number"),
        ({"optimisation": {"rate": -1}}, "optimisation.rate is -1.0", "above 0"),
        ({"optimisation": {"rate": float("nan")}}, "optimisation.rate is nan", "above 0"),
        ({"optimisation": {"decay": -1}}, "optimisation.decay is -1.0", "at least 0"),
        ({"optimisation": {"clip": -1}}, "optimisation.clip is -1.0", "above 0"),
        ({"optimisation": {"clip": 0}}, "optimisation.clip is 0.0", "above 0"),
        ({"optimisation": {"balance": "no"}}, "optimisation.balance is 'no'", "true or false"),
        ({"kind": "features-head", "optimisation": {"decay": -1}}, "optimisation.decay is -1.0", "at least 0"),
        ({"kind": "features-head", "model": {"width": 2.5}}, "a head's width is 2.5", "whole number"),
        ({"kind": "features-head", "model": {"layers": 0}}, "a head's layers is 0", "at least 1"),
        ({"kind": "features-head", "model": {"width": 10}}, "width 10 cannot be split over 4 heads", "multiple"),
        ({"model": {"depth": "2"}}, "the model's depth is '2'", "whole number"),
        ({"model": {"width": 16.0}}, "the model's width is 16.0", "whole number"),
        ({"model": {"heads": True}}, "the model's heads is True", "whole number"),
        ({"model": {"fanout": 4}}, "the model's fanout is 4", "a list of whole numbers"),
        ({"model": {"fanout": ["a", "b"]}}, "the model's fanout is ", "a list of whole numbers"),
        ({"model": {"backbone": 3}}, "the model's backbone is 3", "gin"),
        ({"model": {"dropout": "0.1"}}, "the model's dropout is '0.1'", "a number"),
    ],
)
def test_a_mistake_is_named(values: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        tree_of(HeadPretrainConfig if "kind" in values else PretrainConfig, values)
    assert hint in refused.value.hint


def test_the_optimisation_has_the_defaults_of_its_settings() -> None:
    held = {name: p.default for name, p in inspect.signature(Optimisation).parameters.items()}
    assert {name: held[name] for name in plain_of(OptimisationConfig())} == plain_of(OptimisationConfig())


def test_the_network_refuses_settings_that_it_does_not_have() -> None:
    with pytest.raises(UsageError, match="depht"):
        tree_of(PretrainConfig, {"model": {"depht": 2}}).model_config(8)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "seed =", "'a.toml' is not TOML"),
        ("a.json", "{", "'a.json' is not JSON"),
        ("a.json", "[1]", "'a.json' holds no settings"),
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
