"""
Whether a hash in shadow is that of a password which templates bake in.

The system's libcrypt computes the hashes; where it is not there, nothing is known. A hash that asks for more
work than the default of its kind is left alone.
"""

import ctypes
import re
from collections.abc import Iterator
from functools import cache

WORDS = (
    *("ubuntu", "packer", "rocky", "alma", "almalinux", "debian", "mariner", "password123!", "mypassword"),
    *("Passw0rd", "P@ssw0rd", "password", "centos", "root", "admin", "cloud-user", "vagrant", "changeme"),
    *("rhel", "redhat", "fedora", "opensuse", "suse", "sles", "linux", "oracle", "azureuser", "maas", "toor"),
)
MAX_ACCOUNTS = 20
MAX_WORK = 6_000  # thousandths of a second, about: a whole image takes no more
_LIBRARIES = ("libcrypt.so.1", "libcrypt.so.2")
_ROOM = 32_768  # bytes of struct crypt_data
_KINDS = {  # what a hash may look like, and what computing one takes
    re.compile(r"\$[56]\$[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43,86}"): 5,
    re.compile(r"\$[56]\$rounds=[1-9]\d{3,4}\$[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43,86}"): 50,
    re.compile(r"\$1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}"): 2,
    re.compile(r"\$y\$j[5-9]T\$[./0-9A-Za-z]{1,86}\$[./0-9A-Za-z]{43}"): 50,
    re.compile(r"\$2[aby]\$(?:0\d|10)\$[./0-9A-Za-z]{53}"): 80,
}


class Guesses:
    """
    The guesses for one image, which share one limit of work.
    """

    def __init__(self, work: int = MAX_WORK) -> None:
        self._left, self._accounts = work, MAX_ACCOUNTS

    def known(self, name: str, hashed: str) -> str:
        """
        The password that a hash was made of, if it is a known one or the account's name.
        """
        cost = next((cost for kind, cost in _KINDS.items() if kind.fullmatch(hashed)), 0)
        if not cost or self._accounts <= 0:
            return ""
        self._accounts -= 1
        for word in self._words(name):
            self._left -= cost
            if self._left < 0:
                return ""
            if computed(word, hashed) == hashed:
                return word
        return ""

    @staticmethod
    def _words(name: str) -> Iterator[str]:
        first = [name] if name.isascii() and 0 < len(name) <= 32 and "\0" not in name else []
        yield from dict.fromkeys((*first, *WORDS))


def computed(word: str, setting: str) -> str:
    """
    The hash of a word as the system's libcrypt makes it; empty where it cannot.
    """
    crypt = _crypt()
    if crypt is None:
        return ""
    room = ctypes.create_string_buffer(_ROOM)
    found = crypt(word.encode(), setting.encode(), room, _ROOM)
    return found.decode("ascii", "replace") if isinstance(found, bytes) else ""


@cache
def _crypt() -> "ctypes._NamedFuncPointer | None":
    for name in _LIBRARIES:
        try:
            function = ctypes.CDLL(name).crypt_rn
        except (OSError, AttributeError):  # no such library, or one without this function
            continue
        function.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int]
        function.restype = ctypes.c_char_p
        return function
    return None
