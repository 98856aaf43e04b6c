"""
Remarks stay few and printable whatever a document says.
"""

from tundish.core.image import Remark
from tundish.stream.remarks import MAX_REMARKS, Remarks


def test_a_hostile_document_cannot_make_the_list_long() -> None:
    """
    Beyond the bound remarks are counted, not kept.
    """
    remarks = Remarks()
    for _ in range(MAX_REMARKS + 7):
        remarks.add("p", "x")

    assert Remark("document", "7 more remarks are not shown") == remarks.collected()[-1]


def test_a_subject_is_made_safe_to_print() -> None:
    """
    No escape sequence of a document reaches a terminal, and no long name a page.
    """
    remarks = Remarks()
    remarks.add("\x1b[2J" + "x" * 1000, "x")

    assert ("\\x1b[2Jxxx", 200) == (remarks.collected()[0].subject[:10], len(remarks.collected()[0].subject))
