"""Identity hashes are the same numbers everywhere and for ever, because shards hold them."""

import numpy as np

from relfm.text import identity_hash


def test_known_numbers() -> None:
    hashes = identity_hash(["", None, "123456789", "München", "\ud800"])
    assert hashes.dtype == np.uint32
    assert hashes.tolist() == [0, 0, 0xCBF43926, 3_163_719_337, 499_426_600]


def test_equal_strings_equal_hashes_and_others_differ() -> None:
    strings = [f"customer {i}" for i in range(20_000)] + ["Red", "red", "red "]
    hashes = identity_hash(strings)
    np.testing.assert_array_equal(identity_hash(strings[::-1])[::-1], hashes)
    assert len(np.unique(hashes)) >= len(strings) - 2


def test_no_strings() -> None:
    assert identity_hash([]).shape == (0,)
