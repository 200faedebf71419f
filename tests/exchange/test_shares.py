"""Shares of a secret: what is published of the scheme, and the laws that it stands for."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.errors import InputError, SubmissionError
from truceline.exchange.shares import MOST_HOLDERS, _inverse, _times, check_mark, combine, mark_of, split


def slow(a: int, b: int) -> int:
    """Multiply two polynomials, and divide by x^8 + x^4 + x^3 + x + 1, as one does by hand."""
    found = 0
    for bit in range(8):
        if b >> bit & 1:
            found ^= a << bit
    for bit in range(15, 7, -1):
        if found >> bit & 1:
            found ^= 0x11B << bit - 8
    return found


def test_the_field_is_that_of_aes() -> None:
    """FIPS 197, 4.2: {57} by {83} is {c1}, {57} by {13} is {fe}; every product is that of the slow way."""
    assert (_times(0x57, 0x83), _times(0x57, 0x13)) == (0xC1, 0xFE)
    assert all(_times(a, b) == slow(a, b) for a in range(256) for b in range(256))
    assert all(_times(a, _inverse(a)) == 1 for a in range(1, 256))


def test_the_published_shares_give_the_published_secret() -> None:
    """draft-mcgrew-tss-03, section 9: two shares of the five octets 74 65 73 74 00."""
    shares = {1: bytes.fromhex("b9fa07e185"), 2: bytes.fromhex("f5409b4511")}
    assert combine(shares) == bytes.fromhex("7465737400")
    coefficients = bytes(a ^ b for a, b in zip(shares[1], bytes.fromhex("7465737400"), strict=True))
    assert split(bytes.fromhex("7465737400"), 2, 2, lambda _: coefficients) == list(shares.values())


numbers = st.integers(2, 6).flatmap(lambda n: st.tuples(st.integers(2, n), st.just(n)))


@given(numbers, st.binary(min_size=1, max_size=40), st.data())
def test_any_k_have_it(kn: tuple[int, int], secret: bytes, data: st.DataObject) -> None:
    """Whichever of the holders come together, and however many more than k."""
    k, n = kn
    shares = dict(enumerate(split(secret, k, n, secrets.token_bytes), 1))
    some = data.draw(st.sets(st.sampled_from(sorted(shares)), min_size=k))
    assert combine({x: shares[x] for x in some}) == secret


@given(numbers, st.binary(min_size=3, max_size=3), st.binary(min_size=3, max_size=3), st.data())
def test_k_minus_1_fit_every_secret(kn: tuple[int, int], secret: bytes, other: bytes, data: st.DataObject) -> None:
    """For any other secret there is a polynomial that gives these very shares: they say nothing at all."""
    k, n = kn
    shares = dict(enumerate(split(secret, k, n, secrets.token_bytes), 1))
    some = data.draw(st.sets(st.sampled_from(sorted(shares)), min_size=k - 1, max_size=k - 1))
    missing = next(x for x in shares if x not in some)
    # The share of one more holder by which they would be shares of `other`: interpolated through (0, other).
    held = {x: shares[x] for x in some}
    lent = _at(missing, {0: other, **held})
    assert combine({**held, missing: lent}) == other


def _at(x: int, points: dict[int, bytes]) -> bytes:
    """The value at x of the polynomial through some points: Lagrange, with the slow product."""
    found = bytes(len(next(iter(points.values()))))
    for own, y in points.items():
        weight = 1
        for one in points:
            if one != own:
                weight = slow(slow(weight, x ^ one), _inverse(own ^ one))
        found = bytes(a ^ slow(weight, b) for a, b in zip(found, y, strict=True))
    return found


@pytest.mark.parametrize("k", [2, 3])
def test_k_minus_1_shares_are_spread_alike_for_every_secret(k: int) -> None:
    """Over all random coefficients of one byte: k - 1 shares have one distribution, whatever the secret."""
    spread = []
    for secret in (0x00, 0x41, 0xFF):
        seen: dict[tuple[bytes, ...], int] = {}
        for drawn in itertools.product(range(0, 256, 1 if k == 2 else 17), repeat=k - 1):
            ahead = iter([bytes([one]) for one in drawn])
            shares = split(bytes([secret]), k, 3, partial(_next, ahead))[: k - 1]
            seen[tuple(shares)] = seen.get(tuple(shares), 0) + 1
        spread.append(seen)
    if k == 2:
        assert spread[0] == spread[1] == spread[2]
        assert set(spread[0].values()) == {1}
    assert all(set(one.values()) == {1} for one in spread)


@given(st.binary(min_size=16, max_size=32), st.integers(1, 3), st.integers(0, 255))
def test_a_wrong_share_gives_another_secret_and_its_mark_names_it(secret: bytes, x: int, at: int) -> None:
    """The scheme itself notices nothing; the mark does, and says whose it is."""
    shares = dict(enumerate(split(secret, 2, 3, secrets.token_bytes), 1))
    marks = {n: mark_of(share, f"of {n}") for n, share in shares.items()}
    at %= len(secret)
    wrong = {**shares, x: shares[x][:at] + bytes([shares[x][at] ^ 1]) + shares[x][at + 1 :]}
    assert combine(wrong) != secret
    for n, share in wrong.items():
        if n == x:
            with pytest.raises(SubmissionError, match="mark"):
                check_mark(share, f"of {n}", marks[n])
        else:
            check_mark(share, f"of {n}", marks[n])
    with pytest.raises(SubmissionError, match="mark"):
        check_mark(shares[1], "of 2", marks[1])


def _next(ahead: Iterator[bytes], _: int) -> bytes:
    return next(ahead)


@pytest.mark.parametrize(("k", "n"), [(1, 3), (4, 3), (0, 0), (2, MOST_HOLDERS + 1)])
def test_numbers_by_which_nothing_is_divided_are_refused(k: int, n: int) -> None:
    """One alone would have it, or nobody could."""
    with pytest.raises(InputError, match="k"):
        split(b"secret", k, n, secrets.token_bytes)


def test_what_is_no_set_of_shares_is_refused() -> None:
    """Too few, of different lengths, or of a holder that nobody is: number 0 would be the secret itself."""
    for wrong in ({1: b"a"}, {1: b"a", 2: b"bc"}, {0: b"a", 1: b"b"}, {1: b"a", 256: b"b"}):
        with pytest.raises(InputError, match="expected"):
            combine(wrong)
    with pytest.raises(InputError, match="secret"):
        split(b"", 2, 3, secrets.token_bytes)
