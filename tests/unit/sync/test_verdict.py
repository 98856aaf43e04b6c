"""
What a sync says at its end.
"""

import pytest

from tundish.core.digest import Digest
from tundish.core.errors import DigestMismatch, Partial, UnknownSigner
from tundish.core.names import item_path, source_name
from tundish.sync.ledger import Failure, Outcome
from tundish.sync.plan import PlannedFile
from tundish.sync.verdict import of_source, verdict

LAB = source_name("lab")
FILE = PlannedFile(Digest.of(b"x"), 1, 0, LAB, item_path("noble/squashfs"))
LACKING = Outcome(failures=(Failure(FILE, DigestMismatch("other bytes")),))


@pytest.mark.parametrize(("is_held", "kind"), [(False, DigestMismatch), (True, Partial)])
def test_what_failed_again_is_partial_while_the_rest_is_held(is_held: bool, kind: type) -> None:
    """
    A run in which nothing came is told from one that lacks the same as the run before it.
    """
    assert isinstance(verdict(LACKING, is_held=is_held), kind)


@pytest.mark.parametrize(
    "said", ["source lab, http://lab/index.sjson is older", "http://lab/index.sjson is older"]
)
def test_a_source_is_named_once(said: str) -> None:
    """
    Whether the error names its source or not.
    """
    assert 1 == of_source(LAB, UnknownSigner(said)).count("source lab")
