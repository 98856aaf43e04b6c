"""
Hashing beside writing: the same hash, in bounded memory, on one thread that is gone afterwards.
"""

import hashlib
import threading

import pytest

from tundish.store.hashing import DEEP, LONG, Hashing

PIECE = bytes(range(256)) * 4096  # 1 MiB


@pytest.mark.parametrize("pieces", [0, 1, LONG // len(PIECE), 3 * LONG // len(PIECE)])
def test_the_hash_is_that_of_all_bytes_in_order(pieces: int) -> None:
    """
    Short or long, on a thread or not, the hash is sha256.
    """
    hashing, whole = Hashing(), hashlib.sha256()
    for number in range(pieces):
        piece = bytes([number]) + PIECE
        hashing.update(piece)
        whole.update(piece)
    digest = hashing.hexdigest()
    hashing.close()

    assert whole.hexdigest() == digest


def test_small_pieces_are_hashed_in_order() -> None:
    """
    Pieces that are gathered for the thread, and a rest that never filled a batch, are part of the hash.
    """
    hashing, whole = Hashing(), hashlib.sha256()
    for number in range(LONG // 40_000):
        piece = bytes([number % 256]) * 70_000
        hashing.update(piece)
        whole.update(piece)
    digest = hashing.hexdigest()
    hashing.close()

    assert whole.hexdigest() == digest


def test_a_hash_may_be_asked_for_in_between() -> None:
    """
    What comes after a question is hashed too.
    """
    hashing = Hashing()
    for _ in range(2 * LONG // len(PIECE)):
        hashing.update(PIECE)
        hashing.hexdigest()
    digest = hashing.hexdigest()
    hashing.close()

    assert hashlib.sha256(PIECE * (2 * LONG // len(PIECE))).hexdigest() == digest


def test_little_waits_to_be_hashed() -> None:
    """
    However long a file is, only a few of its pieces are kept.
    """
    hashing = Hashing()
    waiting = []
    for _ in range(4 * LONG // len(PIECE)):
        hashing.update(PIECE)
        waiting.append(hashing.waiting)
    hashing.close()

    assert max(waiting) <= DEEP


def test_a_short_file_needs_no_thread() -> None:
    """
    Most files of a stream are short; a thread for each would cost more than it gains.
    """
    before = threading.active_count()
    hashing = Hashing()
    hashing.update(PIECE)

    assert before == threading.active_count()


def test_its_thread_ends_with_it() -> None:
    """
    Closing leaves no thread behind, even with pieces that wait.
    """
    before = threading.active_count()
    hashing = Hashing()
    for _ in range(2 * LONG // len(PIECE)):
        hashing.update(PIECE)
    hashing.close()

    assert before == threading.active_count()
