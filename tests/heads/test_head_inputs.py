"""What a head sees of an episode."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from small_episodes import episode

from relfm.errors import DataCannotAnswer
from relfm.heads import load_episodes, save_episodes
from relfm.heads.episode import EXPERTS, Episode
from relfm.heads.inputs import NUM_DESCRIPTORS, NUM_EXPERTS, centred_loss, head_inputs


def test_odds_are_relative_to_the_base_rate_and_the_mixture_has_the_last_slot() -> None:
    one = episode()
    made = head_inputs(one, 0, 6)
    rate = (one.context_shown[:, 0].sum() + 1) / (one.num_context + 2)
    assert made.base == pytest.approx(np.log(rate / (1 - rate)))
    linear = EXPERTS.index("linear")
    np.testing.assert_allclose(
        made.odds[:5, linear], (one.context_odds[:5, linear, 0] - made.base).clip(-6, 6), rtol=1e-5
    )
    np.testing.assert_allclose(made.odds[:5, -1], one.context_odds[:5, :, 0].mean(axis=1) - made.base, rtol=1e-4)
    assert made.odds.shape == (350, NUM_EXPERTS)
    assert made.descriptors.shape == (NUM_DESCRIPTORS,)


def test_inputs_are_turned_towards_the_target() -> None:
    one = episode()
    made = head_inputs(replace(one, context_inputs=-one.context_inputs, query_inputs=-one.query_inputs), 0, 6)
    np.testing.assert_array_equal(made.inputs, head_inputs(one, 0, 6).inputs)


def test_query_targets_are_wanted_and_never_seen() -> None:
    one = episode()
    other = replace(one, query_shown=~one.query_shown)
    before, after = head_inputs(one, 0, 6), head_inputs(other, 0, 6)
    for name in ("odds", "inputs", "shown", "descriptors", "relevance"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    np.testing.assert_array_equal(before.wanted, 1 - after.wanted)


def test_what_is_said_of_a_query_does_not_depend_on_who_else_is_asked() -> None:
    one = episode()
    alone, among = head_inputs(one, 0, 6, queries=np.array([7])), head_inputs(one, 0, 6)
    np.testing.assert_array_equal(alone.descriptors, among.descriptors)
    np.testing.assert_array_equal(alone.odds[-1], among.odds[one.num_context + 7])
    np.testing.assert_array_equal(alone.inputs[-1], among.inputs[one.num_context + 7])


def test_an_absent_expert_leaves_no_trace() -> None:
    one = episode()
    odds = one.context_odds.copy()
    odds[:, 2] = 5.0
    gone = np.array([2])
    shares = one.shares * (np.arange(len(EXPERTS)) != 2)
    plain, changed = replace(one, shares=shares), replace(one, shares=shares, context_odds=odds)
    for name in ("odds", "descriptors", "present"):
        np.testing.assert_array_equal(
            getattr(head_inputs(plain, 0, 6, absent=gone), name), getattr(head_inputs(changed, 0, 6, absent=gone), name)
        )


def test_flipping_twice_changes_nothing() -> None:
    made = head_inputs(episode(), 0, 6)
    again = made.flipped().flipped()
    np.testing.assert_array_equal(made.descriptors, again.descriptors)
    np.testing.assert_array_equal(made.shown, again.shown)


def test_the_centred_loss_ignores_a_shift() -> None:
    generator = np.random.default_rng(0)
    odds = generator.normal(size=400)
    shown = (generator.random(400) < 1 / (1 + np.exp(-odds))).astype(float)
    assert centred_loss(odds + 0.7, shown) == pytest.approx(centred_loss(odds, shown), abs=1e-6)


def test_numbers_are_pooled_as_distributions() -> None:
    one = episode(outputs=3, number=True)
    expected = (1 / (1 + np.exp(-one.query_odds))).mean(axis=1)
    np.testing.assert_allclose(1 / (1 + np.exp(-one.pooled[1])), expected, rtol=1e-4)


def test_episodes_survive_a_file(tmp_path: Path, episodes: list[Episode]) -> None:
    assert save_episodes(episodes[:3], tmp_path / "some.safetensors") == 3
    again = list(load_episodes(tmp_path / "some.safetensors"))
    assert [e.question for e in again] == [e.question for e in episodes[:3]]
    np.testing.assert_allclose(again[1].query_odds, episodes[1].query_odds, atol=1e-2)
    np.testing.assert_array_equal(again[1].context_shown, episodes[1].context_shown)


def test_a_torn_file_of_episodes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shop.safetensors"
    save_episodes([episode()], path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataCannotAnswer, match="'shop.safetensors' holds no whole episodes") as refused:
        list(load_episodes(path))
    assert "relfm prepare" in refused.value.hint
    save_file({"a": np.zeros(1)}, path)
    with pytest.raises(DataCannotAnswer, match="'shop.safetensors' holds no episodes"):
        list(load_episodes(path))
