"""
Who really asks, where a reverse proxy stands before a door. Only proxies that are named are believed.

What others put into the headers of a proxy counts for nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Self
from urllib.parse import urlsplit

from tundish.core.errors import InputError

MOST_HOPS = 32
_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}){0,8}")


@dataclass(frozen=True, slots=True)
class Origin:
    """
    The client's address, and under which URL it reached us. An empty host: what its Host header says.
    """

    address: str
    scheme: str
    host: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Proxies:
    """
    The networks whose hosts may say for whom they ask, and the URL that we have for everybody, if any.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    public: Origin | None = None

    @classmethod
    def read(cls, networks: Sequence[str], public_url: str = "") -> Self:
        """
        Raises:
            InputError: a network, or the URL, is not of its form.
        """
        return cls(tuple(_network(text) for text in networks), _public(public_url) if public_url else None)

    def trusts(self, address: str) -> bool:
        """
        Whether this address is one of a proxy that is believed.
        """
        try:
            known = ip_address(address)
        except ValueError:
            return False
        known = getattr(known, "ipv4_mapped", None) or known
        return any(known in network for network in self.networks)

    def origin(self, peer: str, headers: Mapping[str, str], *, scheme: str = "http") -> Origin:
        """
        From whom a request really comes. `headers` have names in lower case; repeated ones are joined
        by commas.
        """
        found = Origin(peer, scheme)
        if self.networks and self.trusts(peer):
            said = _last(headers, "x-forwarded-proto").lower()
            host, prefix = (_last(headers, f"x-forwarded-{name}") for name in ("host", "prefix"))
            found = Origin(
                self._client(peer, headers.get("x-forwarded-for", "")),
                said if said in {"http", "https"} else scheme,
                host if _AUTHORITY.fullmatch(host) else "",
                prefix.rstrip("/") if _PREFIX.fullmatch(prefix.rstrip("/")) else "",
            )
        public = self.public
        return found if public is None else Origin(found.address, public.scheme, public.host, public.prefix)

    def _client(self, peer: str, chain: str) -> str:
        """
        The last address of the chain that is none of our proxies; what stands before it anybody can claim.
        """
        client = peer
        for word in reversed(chain.split(",")[-MOST_HOPS:]):
            try:
                address = str(ip_address(word.strip().removeprefix("[").removesuffix("]")))
            except ValueError:
                return client
            client = address
            if not self.trusts(address):
                return client
        return client


DIRECT = Proxies()  # nobody stands before the doors


def _last(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").rpartition(",")[2].strip()


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise InputError(
            f"{text[:80]!r} is no network: {error}; give an address or a network, as in 10.0.0.0/24"
        ) from None


def _public(url: str) -> Origin:
    wrong = InputError(f"{url[:200]!r} is no URL of a door; give one like https://images.example.com/tundish")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise wrong from None
    prefix = parts.path.rstrip("/")
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in {"http", "https"} or not plain or not _AUTHORITY.fullmatch(parts.netloc):
        raise wrong
    if not _PREFIX.fullmatch(prefix):
        raise wrong
    return Origin("", parts.scheme, parts.netloc, prefix)
