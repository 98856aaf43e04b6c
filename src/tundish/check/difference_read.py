"""
A comparison from its document, as another server answers it.
"""

from typing import Any

from tundish.anatomy.diff import Altered, Change, Difference, Files, Grown, Names
from tundish.check.difference import Compared, Comparison, FindingsDifference
from tundish.check.report_read import finding_of
from tundish.core.errors import BadDocument

Row = dict[str, Any]  # of any form; what is read from it is judged


def comparison_of(told: Row) -> Comparison:
    """
    What a document of `difference_json` says.

    Raises:
        BadDocument: it is none.
    """
    try:
        findings = told["findings"]
        return Comparison(
            _compared(told["before"]),
            _compared(told["after"]),
            _difference(told),
            FindingsDifference(
                tuple(finding_of(each) for each in findings["appeared"]),
                tuple(finding_of(each) for each in findings["vanished"]),
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadDocument(
            f"this is no comparison that this version knows ({type(error).__name__}: {str(error)[:100]})"
        ) from error


def _compared(row: Row) -> Compared:
    return Compared(str(row["name"]), int(row["size"]), bool(row["fit"]))


def _difference(row: Row) -> Difference:
    return Difference(
        _changes(row["system"]),
        _names(row["packages"]),
        _names(row["kernels"]),
        _names(row["users"]),
        _names(row["services"]),
        _files(row["files"]),
        tuple(Grown(str(each["folder"]), int(each["before"]), int(each["after"])) for each in row["sizes"]),
    )


def _files(row: Row) -> Files:
    return Files(
        _words(row["added"]),
        _words(row["removed"]),
        _changes(row["changed"]),
        tuple(Altered(str(each["path"]), _changes(each["what"])) for each in row["metadata"]),
        tuple(Change(str(each["sha256"]), str(each["before"]), str(each["after"])) for each in row["moved"]),
        _words(row["unread"]),
    )


def _names(row: Row) -> Names:
    return Names(_words(row["added"]), _words(row["removed"]), _changes(row["changed"]))


def _changes(rows: list[Row]) -> tuple[Change, ...]:
    return tuple(Change(str(row["name"]), str(row["before"]), str(row["after"])) for row in rows)


def _words(rows: list[str]) -> tuple[str, ...]:
    return tuple(map(str, rows))
