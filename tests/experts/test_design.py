"""The design keeps the telling columns on a common scale, wherever they stand and whatever their unit."""

import numpy as np
import pytest

from relfm.experts.design import Design, rank_gauss


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(300, 6)).astype(np.float32)
    return values, (values[:, 3] + 0.3 * values[:, 1] > 0).astype(np.float32)[:, None]


def test_most_telling_feature_comes_first(data: tuple) -> None:
    values, outputs = data
    design = Design.fit(values, outputs, 2)
    assert design.columns.tolist() == [3, 1]
    assert design.relevance[0] > design.relevance[1]


def test_near_copy_of_a_chosen_feature_is_left_out(data: tuple) -> None:
    values, outputs = data
    copied = np.concatenate([values, -3 * values[:, 3:4] + 1, np.exp(values[:, 3:4])], axis=1)
    assert len({3, 6, 7} & set(Design.fit(copied, outputs, 8).columns.tolist())) == 1


def test_constant_and_empty_features_are_left_out(data: tuple) -> None:
    values, outputs = data
    extended = np.concatenate([values, np.ones((300, 1)), np.full((300, 1), np.nan)], axis=1).astype(np.float32)
    assert not {6, 7} & set(Design.fit(extended, outputs, 99).columns.tolist())


def test_order_of_columns_does_not_change_what_is_chosen(data: tuple) -> None:
    values, outputs = data
    tied = np.concatenate([values, -values, 1 - values[:, ::-1]], axis=1)
    order = np.random.default_rng(1).permutation(tied.shape[1])
    one, other = Design.fit(tied, outputs, 9), Design.fit(tied[:, order], outputs, 9)
    np.testing.assert_allclose(one.transform(tied), other.transform(tied[:, order]), atol=1e-5)


def test_unit_of_a_feature_does_not_matter(data: tuple) -> None:
    values, outputs = data
    scaled = (values * 1000 + 7).astype(np.float32)
    one, other = Design.fit(values, outputs, 6), Design.fit(scaled, outputs, 6)
    assert one.columns.tolist() == other.columns.tolist()
    np.testing.assert_allclose(one.transform(values), other.transform(scaled), atol=0.02)


def test_missing_and_extreme_values_stay_within_the_scale(data: tuple) -> None:
    values, outputs = data
    odd = np.array([[np.nan] * 6, [1e9] * 6, [-1e9] * 6], np.float32)
    scores = Design.fit(values, outputs, 6).transform(odd)
    assert (scores[0] == 0).all()
    assert (scores[1] > 2).all() and (scores[1] < 4).all() and (scores[2] < -2).all()


def test_ranks_are_normal_scores() -> None:
    values = np.random.default_rng(0).lognormal(size=(500, 1)).astype(np.float32)
    scores = rank_gauss(values)[:, 0]
    assert abs(scores.mean()) < 0.02 and scores.std() == pytest.approx(1, abs=0.05)
    assert (np.argsort(scores, kind="stable") == np.argsort(values[:, 0], kind="stable")).mean() > 0.9


def test_column_of_few_known_values_tells_nothing() -> None:
    values = np.full((50, 1), np.nan, np.float32)
    values[:4] = 1
    assert not rank_gauss(values).any()


def test_no_features_make_an_empty_design() -> None:
    design = Design.fit(np.zeros((10, 0), np.float32), np.zeros((10, 1), np.float32), 5)
    assert design.num_columns == 0
    assert design.transform(np.zeros((3, 0), np.float32)).shape == (3, 0)
