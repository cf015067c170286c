"""Distillation's parts that need no encoder: which tokens are kept, what they weigh, how dimensions are reduced."""

import numpy as np

from relfm.text.distil import CHARACTER_RANK, FOREIGN_RANK, frequency_ranks, kept_tokens, reduced, weights

TOKENS = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[", "]", ".", "7", "a", "東", "the", "of", "##s", "customer"]


def test_special_tokens_are_left_out() -> None:
    assert [TOKENS[i] for i in kept_tokens(TOKENS)] == ["[UNK]", *TOKENS[4:]]


def test_ranks_follow_the_order_and_characters_their_kind() -> None:
    ranks = dict(zip(TOKENS, frequency_ranks(TOKENS), strict=True))
    assert [ranks[t] for t in ("the", "of", "##s", "customer")] == [1, 2, 3, 4]
    assert ranks["."] == ranks["["] == ranks["[UNK]"] == 1
    assert ranks["7"] == ranks["a"] == CHARACTER_RANK and ranks["東"] == FOREIGN_RANK


def test_rarer_tokens_weigh_more() -> None:
    found = weights(np.arange(1.0, 30_000))
    assert np.all(np.diff(found) > 0) and 0 < found[0] < 0.01 and 0.9 < found[-1] < 1


def test_components_are_uncorrelated_with_the_root_of_their_spread() -> None:
    generator = np.random.default_rng(0)
    spread = np.array([8.0, 4.0, 2.0, 1.0, 0.5])
    turned = np.linalg.qr(generator.normal(size=(5, 5)))[0]
    vectors = generator.normal(size=(20_000, 5)) * spread @ turned + 3
    covariance = np.cov(reduced(vectors, 3).T)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), np.sqrt(spread[:3]), rtol=0.02)
    np.testing.assert_allclose(covariance - np.diag(np.diag(covariance)), 0, atol=1e-3)


def test_signs_do_not_depend_on_the_order_of_rows() -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 6)) * [6, 5, 4, 3, 2, 1]
    np.testing.assert_allclose(reduced(vectors[::-1], 4)[::-1], reduced(vectors, 4), atol=1e-9)
