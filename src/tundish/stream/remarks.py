"""
What a reader has to say of a document that it could use in part. A hostile document cannot make it long.
"""

from tundish.core.image import Remark

MAX_REMARKS = 1000
_MAX_SUBJECT = 200


class Remarks:
    """
    Collects remarks up to `MAX_REMARKS` and counts the rest.
    """

    def __init__(self) -> None:
        self._kept: list[Remark] = []
        self._beyond = 0

    def add(self, subject: object, text: object) -> None:
        if len(self._kept) < MAX_REMARKS:
            self._kept.append(Remark(shown(subject), str(text)))
        else:
            self._beyond += 1

    def collected(self) -> tuple[Remark, ...]:
        if not self._beyond:
            return tuple(self._kept)
        return (*self._kept, Remark("document", f"{self._beyond} more remarks are not shown"))


def shown(value: object) -> str:
    """
    A text from a document, made safe to print and short.
    """
    text = value if isinstance(value, str) else repr(value)
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= _MAX_SUBJECT else text[: _MAX_SUBJECT - 3] + "..."
