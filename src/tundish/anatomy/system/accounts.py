"""
The accounts of a root: passwd, with what shadow says of each.
"""

from tundish.anatomy.facts import Password, User
from tundish.anatomy.index import Index
from tundish.anatomy.system.passwords import Guesses

MAX_FILE = 4 * 1024 * 1024
MAX_USERS = 10_000
MAX_ID = 2**32


def read(index: Index) -> tuple[User, ...]:
    """
    Every account in the order of passwd; lines that are none are left out.
    """
    shadow = dict(_pairs(index.text("etc/shadow", MAX_FILE)))
    guesses, users = Guesses(), list[User]()
    for line in (index.text("etc/passwd", MAX_FILE) or "").splitlines()[:MAX_USERS]:
        fields = line.split(":")
        if len(fields) < 7 or not fields[0] or not _is_id(fields[2]) or not _is_id(fields[3]):
            continue
        name, own, uid, gid, _, home, shell = fields[:7]
        word = shadow.get(name, "*") if own == "x" else own
        users.append(
            User(
                name,
                int(uid),
                int(gid),
                home,
                shell,
                _state(word),
                known=guesses.known(name, word),
                keys=_has_keys(index, home),
            )
        )
    return tuple(users)


def _pairs(text: str | None) -> list[tuple[str, str]]:
    lines = (line.split(":") for line in (text or "").splitlines()[:MAX_USERS])
    return [(fields[0], fields[1]) for fields in lines if len(fields) > 1]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12 and int(text) < MAX_ID


def _state(word: str) -> Password:
    if not word:
        return Password.NONE
    return Password.LOCKED if word[0] in "!*" or len(word) < 11 else Password.SET


def _has_keys(index: Index, home: str) -> bool:
    entry = index.at(f"{home}/.ssh/authorized_keys")
    return entry is not None and entry.size > 0
