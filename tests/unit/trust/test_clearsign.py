"""
The judge alone, on status lines: what real programs say is in the contract tests.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tundish.core.errors import BadSignature, Expired, TrustError, UnknownSigner
from tundish.core.payload import Signature
from tundish.trust.clearsign import judge

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MADE = NOW - timedelta(days=1)
ONE, TWO = "1" * 40, "2" * 40


def valid(key: str, *, made: datetime = MADE, ends: int = 0, hash_algorithm: int = 10) -> str:
    stamp = int(made.timestamp())
    return f"VALIDSIG {key} {made:%Y-%m-%d} {stamp} {ends} 4 0 22 {hash_algorithm} 01 {key}"


def good(key: str) -> list[str]:
    return ["NEWSIG", f"GOODSIG {key[:16]} somebody", valid(key)]


PLAIN = "PLAINTEXT 74 0 "


def judged(*lines: str, allowed: frozenset[str] = frozenset()) -> Signature:
    return judge(lines, now=NOW, origin="acme", allowed=allowed)


def test_one_good_group_is_believed() -> None:
    """
    GOODSIG and VALIDSIG of one key, over one text.
    """
    assert Signature(ONE, ONE, MADE, None) == judged(PLAIN, *good(ONE))


def test_a_foreign_signature_beside_a_good_one_is_tolerated() -> None:
    """
    NO_PUBKEY in another group takes nothing away.
    """
    foreign = ["NEWSIG", "ERRSIG 2222 22 10 01 1 9 -", "NO_PUBKEY 2222"]

    assert ONE == judged(PLAIN, *foreign, *good(ONE)).primary


def test_a_lapsed_signature_beside_a_good_one_is_tolerated() -> None:
    """
    A second signature that has expired takes nothing away.
    """
    lapsed = ["NEWSIG", "EXPSIG 2222 x", valid(TWO)]

    assert ONE == judged(PLAIN, *lapsed, *good(ONE)).primary


@pytest.mark.parametrize(
    "lines",
    [
        [PLAIN],
        [PLAIN, "GOODSIG 1111 x", valid(ONE)],
        [PLAIN, "NEWSIG", "GOODSIG 1111 x"],
        [PLAIN, "NEWSIG", valid(ONE)],
        [PLAIN, "NEWSIG", "GOODSIG 1111 x", "NEWSIG", valid(ONE)],
        [PLAIN, "NEWSIG", "GOODSIG 1111 x", valid(ONE), valid(TWO)],
        [PLAIN, "NEWSIG", "GOODSIG 1111 x", "ERRSIG 2222 22 10 01 1 9", valid(ONE)],
        [PLAIN, "NEWSIG", "GOODSIG 1111 x", valid(ONE, hash_algorithm=2)],
        [PLAIN, "NEWSIG", "GOODSIG 1111 VALIDSIG " + ONE],
        [PLAIN, *good(ONE), PLAIN],
        [*good(ONE)],
        [PLAIN, *good(ONE), "ERROR proc_pkt.plaintext 89_BAD_DATA"],
        [PLAIN, *good(ONE), "NEWSIG", "BADSIG 2222 x"],
        [PLAIN, *good(ONE), "NODATA 4"],
        [PLAIN, *good(ONE) * 17],
        [PLAIN, "NEWSIG", "GOODSIG 1111 x", valid(ONE, made=NOW + timedelta(days=2))],
    ],
)
def test_anything_less_than_one_good_group_over_one_text_is_bad(lines: list[str]) -> None:
    """
    Verdicts are never put together across signatures, and any word of damage ends it.
    """
    with pytest.raises(BadSignature, match="acme"):
        judged(*lines)


@pytest.mark.parametrize("verdict", ["EXPSIG", "EXPKEYSIG", "REVKEYSIG"])
def test_valid_is_not_good(verdict: str) -> None:
    """
    VALIDSIG beside a lapsed verdict proves nothing.
    """
    with pytest.raises(Expired):
        judged(PLAIN, "NEWSIG", f"{verdict} 1111 x", valid(ONE))


def test_the_callers_clock_decides_on_the_expiry() -> None:
    """
    A signature that ends at this very moment has ended.
    """
    with pytest.raises(Expired, match="2026-01-02"):
        judged(PLAIN, "NEWSIG", "GOODSIG 1111 x", valid(ONE, ends=int(NOW.timestamp())))


def test_an_unknown_key_is_named() -> None:
    """
    The message carries the id of the key.
    """
    with pytest.raises(UnknownSigner, match="2222"):
        judged(PLAIN, "NEWSIG", "ERRSIG 2222 22 10 01 1 9 -", "NO_PUBKEY 2222")


def test_no_words_at_all_are_an_error() -> None:
    """
    A verifier that says nothing has proved nothing.
    """
    with pytest.raises(TrustError):
        judged()


@pytest.mark.parametrize("moment", ["17x", "²", "9" * 30, "20269999T000000", "-" + "9" * 19, ""])
def test_a_time_that_is_none_is_no_signature(moment: str) -> None:
    """
    A verifier that gives an odd time is not believed, whatever else it says.
    """
    line = f"VALIDSIG {ONE} 2026-01-01 {moment} 0 4 0 22 10 01 {ONE}"

    with pytest.raises(BadSignature, match="as a time of a signature"):
        judged(PLAIN, "NEWSIG", "GOODSIG 1111 x", line)
