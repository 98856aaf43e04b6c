"""
Which addresses may be asked for somebody who may not ask everything: public ones, and those that are allowed
by name or network. Names are looked up here and the connection goes to what was judged, so a name that means
another address a moment later gains nothing.
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from tundish.core.errors import BadStatus, InputError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

FORBIDDEN = 403  # final as this status is: another try changes nothing
_NAT64 = IPv6Network("64:ff9b::/96")


def looked_up(host: str, port: int) -> tuple[str, ...]:
    """
    The addresses of a name.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True)
class Guard:
    networks: tuple[Network, ...] = ()
    hosts: tuple[str, ...] = ()  # patterns, as in *.lab.example
    look_up: Callable[[str, int], Sequence[str]] = looked_up

    @classmethod
    def read(cls, words: Iterable[str]) -> "Guard":
        """
        Raises:
            InputError: a word is neither a network nor a pattern of names.
        """
        networks: list[Network] = []
        hosts: list[str] = []
        for word in words:
            if "/" in word or ":" in word or word.replace(".", "").isdigit():
                networks.append(_network(word))
            else:
                hosts.append(word.lower())
        return cls(tuple(networks), tuple(hosts))

    def admitted(self, host: str, port: int) -> tuple[str, ...]:
        """
        The addresses of a host that may be asked.

        Raises:
            BadStatus: none of them may.
            OSError: the name has no address.
        """
        name = host.strip("[]").rstrip(".").lower()
        found = tuple(self.look_up(name, port))
        if any(fnmatchcase(name, pattern) for pattern in self.hosts):
            return found
        fitting = tuple(each for each in found if self.admits(each))
        if not fitting:
            raise BadStatus(
                f"{host} is at no public address, and who chose it may choose no other: an admin can, or "
                "allow the host: TUNDISH_ALLOWED_HOSTS",
                url=host,
                status=FORBIDDEN,
            )
        return fitting

    def must_admit(self, host: str, port: int) -> None:
        """
        Refuse what a proxy would ask for us; a name that only the proxy can look up is left to it.

        Raises:
            BadStatus: it may not be asked.
        """
        try:
            self.admitted(host, port)
        except OSError:
            return

    def admits(self, text: str) -> bool:
        """
        Whether an address is public or allowed.
        """
        try:
            address = _inner(ip_address(text.partition("%")[0]))
        except ValueError:
            return False
        if any(address in network for network in self.networks):
            return True
        return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: Address) -> Address:
    """
    The address of IPv4 that one of IPv6 leads to.
    """
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _network(word: str) -> Network:
    try:
        return ip_network(word, strict=False)
    except ValueError:
        raise InputError(
            f"TUNDISH_ALLOWED_HOSTS: {word[:80]!r} is neither a network, as in 10.0.0.0/8, nor a host or "
            "pattern, as in *.lab.example"
        ) from None
