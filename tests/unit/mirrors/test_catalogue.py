"""
Our own catalogue: what it says, in which order it is written, and when it is another.
"""

import json
from datetime import UTC, datetime, timedelta

from tests.unit.mirrors.values import ID, held
from tundish.core.digest import Digest
from tundish.core.names import ItemPath
from tundish.mirrors import catalogue

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EVIDENCE = {ID: [ItemPath("streams/v1/upstream/ab.sjson")]}


def signed(text: bytes) -> bytes:
    return b"signed " + text


def test_the_indexes_come_last() -> None:
    """
    Products files are written before any index that names them, the signed index last of all.
    """
    sheets = catalogue.sheets(held({"p": "1"}), {}, AT, signed)

    assert ["streams/v1/index.json", "streams/v1/index.sjson"] == [each.path for each in sheets[-2:]]


def test_products_files_are_named_by_their_bytes() -> None:
    """
    The name of each rendering is the hash of what stands in it.
    """
    sheets = catalogue.sheets(held({"p": "1"}), {}, AT, signed)[:-2]

    assert [f"streams/v1/products-{Digest.of(each.data).hex}" for each in sheets] == [
        each.path.rpartition(".")[0] for each in sheets
    ]


def test_an_entry_names_its_evidence() -> None:
    """
    The index says where upstream's documents are.
    """
    sheets = catalogue.sheets(held({"p": "1"}), EVIDENCE, AT, signed)

    assert [*EVIDENCE[ID]] == json.loads(sheets[-2].data)["index"][ID]["upstream"]


def test_an_empty_mirror_has_an_empty_index() -> None:
    """
    What holds nothing lists nothing.
    """
    assert {} == json.loads(catalogue.sheets({}, {}, AT, signed)[0].data)["index"]


def test_the_gist_is_timeless() -> None:
    """
    It is the same for the same content, and another for other content, evidence or signer.
    """
    same = [catalogue.gist(held({"p": "1"}), EVIDENCE, "key") for _ in range(2)]
    others = {
        catalogue.gist(held({"p": "2"}), EVIDENCE, "key"),
        catalogue.gist(held({"p": "1"}), {}, "key"),
        catalogue.gist(held({"p": "1"}), EVIDENCE, "other"),
    }

    assert (1, 3, False) == (len(set(same)), len(others), same[0] in others)


def test_dates_rise_whatever_the_clock() -> None:
    """
    A clock that stands still or goes back does not make an older catalogue.
    """
    second = timedelta(seconds=1)

    assert [AT, AT + second, AT + second, AT + 2 * second] == [
        catalogue.next_moment(None, AT),
        catalogue.next_moment(AT, AT),
        catalogue.next_moment(AT, AT - 3 * second),
        catalogue.next_moment(AT, AT + 2 * second),
    ]


def test_evidence_is_named_by_its_bytes() -> None:
    """
    Each document of upstream has its own place for ever.
    """
    assert f"streams/v1/upstream/{Digest.of(b'x').hex}.sjson" == catalogue.evidence_path(
        ItemPath("streams/v1/index.sjson"), b"x"
    )
