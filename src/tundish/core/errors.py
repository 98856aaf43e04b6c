"""
Every error of tundish, in one tree. Facts are attributes; the class docstring is the default message.

TundishError
├── InputError              the request makes no sense
│   ├── InvalidName         a name, path or digest is not of its form
│   └── BadImage            an image is damaged, cut short, too much, or not of its form
├── NotFound                no such thing
│   └── BlobMissing         the store does not hold this digest
├── Conflict                not in this state
│   ├── Busy                somebody else holds it
│   │   └── Overloaded      the catalog has no time for us now
│   └── Stale               it was changed since it was read
├── Forbidden               known, not allowed
├── Unauthorised            not known: no key, a wrong one, or one that counts no more
├── Locked                  too many failed attempts: not now
├── UpstreamError           the other side is down, slow, too long, or answers HTTP n
│   ├── Unreachable         no connection
│   ├── Stalled             connected, but nothing came within the time limit
│   ├── CutShort            the transfer ended before the promised length
│   ├── TooLong             more bytes than promised or allowed
│   ├── BadStatus           an HTTP status that is not the answer we asked for
│   │   └── Gone            404 or 410: the other side says it has no such file
│   └── BadDocument         verified, but not a document of its format
├── TrustError              signature, key, rollback, freeze, expiry: never retried
│   ├── Unsigned            no signature where one is required
│   ├── BadSignature        the signature does not fit the text, or the message is malformed
│   ├── UnknownSigner       signed, but not by a key of this source
│   ├── Expired             the signature or its key has expired
│   └── RolledBack          older than, or different from, what was accepted before
├── IntegrityError          bytes are not what their name says
│   ├── DigestMismatch      other bytes than promised
│   └── SizeMismatch        more or fewer bytes than promised
├── StorageError            this machine cannot keep it
│   └── NoSpace             the disk or quota is full
├── ToolFailed              a program failed; carries command and exit code
│   └── ToolMissing         a program is not installed
├── Partial                 some of it worked, and the rest is named
└── Stopped                 a person stopped it; what came is kept

One table (`REACTIONS`) says what each family means at the edges; doors and jobs read it, nobody else
knows a status code.
"""

import errno
from dataclasses import dataclass
from typing import ClassVar


class TundishError(Exception):
    """
    Something went wrong.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message or " ".join((self.__doc__ or "").split()))


class InputError(TundishError):
    """
    The request makes no sense.
    """


class InvalidName(InputError):
    """
    A name, path or digest is not of its form.
    """

    def __init__(self, kind: str = "name", value: object = "", mend: str = "") -> None:
        self.kind, self.value, self.mend = kind, value, mend
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        super().__init__(f"{shown} is not a valid {kind}" + (f": {mend}" if mend else ""))


class BadImage(InputError):
    """
    The image is damaged, or not of its form.
    """


class NotFound(TundishError):
    """
    No such thing.
    """


class BlobMissing(NotFound):
    """
    The store does not hold this digest.
    """

    def __init__(self, digest: object = "", place: str = "the store") -> None:
        self.digest = digest
        super().__init__(
            f"{place} does not hold {digest}; run `tundish store repair`, which fetches it or says what to do"
        )


class Conflict(TundishError):
    """
    Not possible in this state.
    """


class Busy(Conflict):
    """
    Somebody else holds it.
    """


class Overloaded(Busy):
    """
    The catalog has no time for us now; come again in a while.
    """

    retry_after = 5.0  # seconds


class Stale(Conflict):
    """
    It was changed since it was read; read it again.
    """


class Forbidden(TundishError):
    """
    Not allowed.
    """


class Unauthorised(TundishError):
    """
    Nobody known asks; log in, or give a token that counts.
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        self.reason = reason  # key, secret, nonce or time: for doors whose clients are told which
        super().__init__(message)


class Locked(TundishError):
    """
    Too many failed attempts.
    """

    def __init__(self, message: str = "", *, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after  # seconds
        super().__init__(message)


class UpstreamError(TundishError):
    """
    The other side did not give what was asked for.
    """

    def __init__(self, message: str = "", *, url: str = "") -> None:
        self.url = url
        super().__init__(message)


class Unreachable(UpstreamError):
    """
    No connection.
    """


class Stalled(UpstreamError):
    """
    Connected, but nothing came within the time limit.
    """


class CutShort(UpstreamError):
    """
    The transfer ended before the promised length.
    """


class TooLong(UpstreamError):
    """
    More bytes than promised or allowed.
    """


class BadStatus(UpstreamError):
    """
    An HTTP status that is not the answer we asked for.
    """

    def __init__(
        self,
        message: str = "",
        *,
        url: str = "",
        status: int = 0,
        retry_after: float | None = None,
    ) -> None:
        self.status, self.retry_after = status, retry_after
        super().__init__(message, url=url)


class Gone(BadStatus):
    """
    The other side says it has no such file.
    """


class BadDocument(UpstreamError):
    """
    The document is not of its format.
    """


class TrustError(TundishError):
    """
    It cannot be trusted.
    """


class Unsigned(TrustError):
    """
    There is no signature where one is required.
    """


class BadSignature(TrustError):
    """
    The signature does not fit the text, or the message is malformed.
    """


class UnknownSigner(TrustError):
    """
    It is signed, but not by a key of this source.
    """


class Expired(TrustError):
    """
    The signature or its key has expired.
    """


class RolledBack(TrustError):
    """
    It is older than, or different from, what was accepted before.
    """


class IntegrityError(TundishError):
    """
    The bytes are not what their name says.
    """


class DigestMismatch(IntegrityError):
    """
    Other bytes than promised.
    """

    def __init__(self, expected: object = "", actual: object = "", subject: str = "") -> None:
        self.expected, self.actual, self.subject = expected, actual, subject
        super().__init__(
            (f"{subject}: " if subject else "")
            + f"the bytes have {actual}, promised was {expected}; nothing was kept, "
            "run it again, and if it stays so tell the source's owner"
        )


class SizeMismatch(IntegrityError):
    """
    More or fewer bytes than promised.
    """

    def __init__(self, expected: int = 0, actual: int = 0, subject: str = "") -> None:
        self.expected, self.actual, self.subject = expected, actual, subject
        super().__init__(
            (f"{subject}: " if subject else "")
            + f"{actual} bytes came, promised were {expected}; nothing was kept, "
            "run it again, and if it stays so tell the source's owner"
        )


class StorageError(TundishError):
    """
    This machine cannot keep it.
    """


class NoSpace(StorageError):
    """
    The disk or quota is full.
    """

    CODES: ClassVar[frozenset[int]] = frozenset({errno.ENOSPC, errno.EDQUOT})  # as the kernel says it

    def __init__(self, place: str = "the store", needed: int | None = None, free: int | None = None) -> None:
        self.place, self.needed, self.free = place, needed, free
        figures = f" ({needed} bytes needed, {free} free)" if needed is not None and free is not None else ""
        super().__init__(f"no space left in {place}{figures}; free some or move the state, then run it again")


class ToolFailed(TundishError):
    """
    A program failed.
    """

    def __init__(self, message: str = "", *, command: str = "", code: int | None = None) -> None:
        self.command, self.code = command, code
        super().__init__(message)


class ToolMissing(ToolFailed):
    """
    A program is not installed.
    """


class Partial(TundishError):
    """
    Some of it worked; the rest is named.
    """


class Stopped(TundishError):
    """
    Stopped before the end; what came is kept, run it again to go on from here.
    """


@dataclass(frozen=True, slots=True)
class Reaction:
    """
    What a family of errors means at the edges.
    """

    status: int  # HTTP
    exit: int
    retry: bool
    log: str


REACTIONS: dict[type[TundishError], Reaction] = {
    InputError: Reaction(422, 2, retry=False, log="info"),
    NotFound: Reaction(404, 4, retry=False, log="info"),
    Stale: Reaction(412, 5, retry=False, log="info"),
    Conflict: Reaction(409, 5, retry=False, log="info"),
    Overloaded: Reaction(503, 5, retry=False, log="warning"),
    Forbidden: Reaction(403, 6, retry=False, log="warning"),
    Unauthorised: Reaction(401, 6, retry=False, log="warning"),
    Locked: Reaction(429, 6, retry=False, log="warning"),
    Gone: Reaction(502, 7, retry=False, log="warning"),
    TooLong: Reaction(502, 7, retry=False, log="warning"),
    BadDocument: Reaction(502, 7, retry=False, log="warning"),
    UpstreamError: Reaction(502, 7, retry=True, log="warning"),
    TrustError: Reaction(502, 8, retry=False, log="error"),
    IntegrityError: Reaction(500, 9, retry=False, log="error"),
    ToolFailed: Reaction(500, 10, retry=False, log="error"),
    StorageError: Reaction(507, 11, retry=False, log="error"),
    Partial: Reaction(500, 12, retry=False, log="warning"),
    Stopped: Reaction(500, 130, retry=False, log="info"),
    TundishError: Reaction(500, 70, retry=False, log="error"),
}


def reaction(error: BaseException) -> Reaction:
    """
    The row of `REACTIONS` for an error; anything foreign is a bug (exit 70).
    """
    for kind in type(error).__mro__:
        if kind in REACTIONS:
            return REACTIONS[kind]
    return REACTIONS[TundishError]


def is_worth_retrying(error: BaseException) -> bool:
    """
    Whether trying the same again may help: 3xx and 4xx answers but 408, 425 and 429 are final.
    """
    if isinstance(error, BadStatus) and 300 <= error.status < 500:
        return error.status in {408, 425, 429}
    return isinstance(error, TundishError) and reaction(error).retry
