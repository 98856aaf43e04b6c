"""
How long nobody is heard after failed logins, and which words are no password. Pure.

Failures are counted for an account from one address, for an address, and for an account from anywhere. Only
the first two can lock for long, so who fails on purpose keeps nobody else out for more than moments.
"""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from tundish.core.errors import InputError

MEMORY = timedelta(hours=1)  # without a failure, after which counting begins anew
WINDOW = timedelta(seconds=300)  # in which a signature of MAAS's clients counts
SESSION_IDLE = timedelta(hours=12)
SESSION_END = timedelta(days=7)
_HOME = 64  # bits of an IPv6 address that stay; whoever has one has all that begin with these
SHORTEST, LONGEST = 10, 256  # characters of a password
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Limit:
    """
    Free attempts; then waits that double from a second, up to the longest.
    """

    free: int
    longest: timedelta

    def wait(self, count: int) -> timedelta:
        if count < self.free:
            return _NOTHING
        return min(timedelta(seconds=2 ** min(count - self.free, 20)), self.longest)


PAIR = Limit(5, timedelta(minutes=15))
ADDRESS = Limit(20, timedelta(minutes=15))
ACCOUNT = Limit(50, timedelta(seconds=30))


def limits(name: str, address: str) -> dict[str, Limit]:
    """
    What a login counts against, by subject.
    """
    address = origin(address)
    return {
        f"pair:{name}@{address}": PAIR,
        f"address:{address}": ADDRESS,
        f"account:{name}": ACCOUNT,
    }


def origin(address: str) -> str:
    """
    From where somebody fails: an address of IPv4, the network of one of IPv6.
    """
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:255]
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, _HOME), strict=False))


def check_password(password: str, name: str) -> None:
    """
    Raises:
        InputError: it is too short or too long, or the name itself.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"a password has {SHORTEST} to {LONGEST} characters; several words are the easiest")
    if password.casefold() == name.casefold() or len(set(password)) < 4:
        raise InputError("that password would be guessed at once; several words are the easiest")
