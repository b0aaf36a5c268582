"""Aligning two sequences, held against the plain definition of a longest common subsequence."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from payrules.domain.difference.alignment import align


def longest(before: str, after: str) -> int:
    @cache
    def of(i: int, j: int) -> int:
        if i == len(before) or j == len(after):
            return 0
        if before[i] == after[j]:
            return 1 + of(i + 1, j + 1)
        return max(of(i + 1, j), of(i, j + 1))

    return of(0, 0)


def test_what_stands_in_both_in_one_order_is_aligned() -> None:
    assert align("abcd", "xbdc") in ({1: 1, 2: 3}, {1: 1, 3: 2})
    assert align("", "abc") == {}
    assert align("abc", "abc") == {0: 0, 1: 1, 2: 2}


def test_of_equal_items_the_first_counts() -> None:
    assert align("aab", "abb") == {0: 0, 2: 1}


@given(st.permutations("abcdefg"), st.permutations("abcdefg"), st.integers(0, 7))
def test_no_longer_alignment_exists(before: list[str], after: list[str], size: int) -> None:
    found = align(before[:size], after)
    assert all(before[old] == after[new] for old, new in found.items())
    assert sorted(found.values()) == [found[old] for old in sorted(found)]
    assert len(found) == longest("".join(before[:size]), "".join(after))
