"""The network of a head: what it starts from, what must not matter to it, and that it learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_episodes import episode

from relfm.errors import UsageError
from relfm.heads.answering import answer_context, answer_queries
from relfm.heads.batch import collate
from relfm.heads.config import HeadConfig
from relfm.heads.inputs import NUM_EXPERTS, head_inputs
from relfm.heads.network import InContextHead
from relfm.heads.random import randomise
from relfm.heads.routing import Router, utilisation_entropy

SMALL = HeadConfig(width=32, layers=2, heads=2, inputs=6, clusters=4)


@pytest.fixture(scope="module")
def random_head() -> InContextHead:
    torch.manual_seed(0)
    return randomise(InContextHead(SMALL), 0).eval()


def test_untrained_it_answers_nearly_what_the_mixture_answers() -> None:
    torch.manual_seed(0)
    one = episode()
    answered = answer_queries(InContextHead(SMALL).eval(), one)
    assert np.corrcoef(answered[:, 0], one.pooled[1][:, 0])[0, 1] > 0.97


def test_the_order_of_context_rows_does_not_matter(random_head: InContextHead) -> None:
    one = episode()
    order = np.random.default_rng(1).permutation(one.num_context)
    other = replace(
        one,
        context_odds=one.context_odds[order],
        context_inputs=one.context_inputs[order],
        context_shown=one.context_shown[order],
    )
    np.testing.assert_allclose(answer_queries(random_head, one), answer_queries(random_head, other), atol=1e-3)


def test_a_query_is_answered_alone_as_among_others(random_head: InContextHead) -> None:
    one = episode()
    made = replace(head_inputs(one, 0, 6), wanted=None)
    fewer = replace(made, odds=made.odds[:201], inputs=made.inputs[:201])
    with torch.inference_mode():
        both = random_head(collate([made, fewer]))[0]
        alone = random_head(collate([fewer]))[0]
    torch.testing.assert_close(both[1, 0], alone[0, 0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(both[0, 0], alone[0, 0], atol=1e-4, rtol=1e-4)


def test_what_is_called_yes_does_not_matter(random_head: InContextHead) -> None:
    one = episode()
    other = replace(one, context_odds=-one.context_odds, query_odds=-one.query_odds, context_shown=~one.context_shown)
    np.testing.assert_allclose(answer_queries(random_head, one), -answer_queries(random_head, other), atol=1e-4)


def test_a_context_row_is_answered_without_its_own_target(random_head: InContextHead) -> None:
    one = episode()
    shown = one.context_shown.copy()
    shown[0] = ~shown[0]
    before, after = answer_context(random_head, one), answer_context(random_head, replace(one, context_shown=shown))
    np.testing.assert_array_equal(before[::2], after[::2])
    assert np.abs(before[1::2] - after[1::2]).max() > 0


def test_thresholds_between_the_computed_ones_are_interpolated(random_head: InContextHead) -> None:
    one = episode(outputs=9, number=True, context=60, queries=20)
    moved = answer_queries(random_head, one) - one.pooled[1]
    np.testing.assert_allclose(moved[:, 1], (moved[:, 0] + moved[:, 2]) / 2, atol=1e-4)


def test_the_router_gives_nothing_to_absent_experts() -> None:
    torch.manual_seed(0)
    router = randomise(Router(8, 3, NUM_EXPERTS), 1)
    present = torch.ones(1, NUM_EXPERTS)
    present[0, 1] = 0
    weights, shares = router(torch.randn(1, 5, 8), present)
    assert torch.all(weights[..., 1] == 0)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 5))
    torch.testing.assert_close(shares.sum(-1), torch.ones(1, 5))


def test_gumbel_noise_explores() -> None:
    torch.manual_seed(0)
    router = Router(8, 4, NUM_EXPERTS)
    rows = torch.zeros(1, 4000, 8)
    _, calm = router(rows, torch.ones(1, NUM_EXPERTS))
    _, drawn = router(rows, torch.ones(1, NUM_EXPERTS), noise=torch.Generator().manual_seed(0))
    assert calm.std(dim=1).max() < 1e-6
    assert drawn.std(dim=1).min() > 0.1


def test_utilisation_entropy_is_one_for_even_use_and_zero_for_a_collapse() -> None:
    assert utilisation_entropy(torch.full((10, 4), 0.25)) == pytest.approx(1.0)
    assert utilisation_entropy(torch.eye(4)[:1].repeat(10, 1)) == pytest.approx(0.0, abs=1e-6)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(UsageError, match="'depht'"):
        HeadConfig.from_dict({"depht": 3})
