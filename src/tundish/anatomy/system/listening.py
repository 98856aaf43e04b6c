"""
Which enabled services listen on the network: by a table of well-known ones, and by what sockets say.
"""

import re
from collections.abc import Iterator, Sequence

from tundish.anatomy.index import Index
from tundish.anatomy.system import units

_KNOWN = {
    "apache2": "80/tcp",
    "avahi-daemon": "5353/udp",
    "bind9": "53",
    "containerd": "",
    "dnsmasq": "53",
    "dovecot": "143/tcp",
    "exim4": "25/tcp",
    "grafana-server": "3000/tcp",
    "httpd": "80/tcp",
    "kubelet": "10250/tcp",
    "lighttpd": "80/tcp",
    "mariadb": "3306/tcp",
    "mysql": "3306/tcp",
    "mysqld": "3306/tcp",
    "named": "53",
    "nfs-server": "2049/tcp",
    "nginx": "80/tcp",
    "nmbd": "137/udp",
    "postfix": "25/tcp",
    "postgresql": "5432/tcp",
    "prometheus-node-exporter": "9100/tcp",
    "redis": "6379/tcp",
    "redis-server": "6379/tcp",
    "rpcbind": "111",
    "rsync": "873/tcp",
    "rsyncd": "873/tcp",
    "smb": "445/tcp",
    "smbd": "445/tcp",
    "snmpd": "161/udp",
    "squid": "3128/tcp",
    "ssh": "22/tcp",
    "sshd": "22/tcp",
    "tftpd-hpa": "69/udp",
    "vsftpd": "21/tcp",
    "xrdp": "3389/tcp",
    "zabbix-agent": "10050/tcp",
}
_LISTEN = re.compile(r"^[ \t]*Listen(Stream|Datagram)[ \t]*=[ \t]*(\S*)[ \t]*$", re.MULTILINE)
_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:]*\]|[\d.]+):)?(?P<port>\d{1,5})")
_LOCAL = re.compile(r"127\.|\[::1\]")


def read(index: Index, enabled: Sequence[str]) -> tuple[str, ...]:
    """
    Each unit that listens, with its ports: `ssh.service 22/tcp`.
    """
    found = []
    for unit in enabled:
        name, _, kind = unit.rpartition(".")
        ports = (
            _ports(units.text(index, unit))
            if kind == "socket"
            else _KNOWN.get((name or unit).partition("@")[0], "")
        )
        if ports:
            found.append(f"{unit} {ports}")
    return tuple(found)


def _ports(text: str) -> str:
    return ", ".join(dict.fromkeys(_listed(text)))


def _listed(text: str) -> Iterator[str]:
    ports = list[str]()
    for kind, address in _LISTEN.findall(text):
        if not address:  # an empty assignment forgets those before it
            ports.clear()
        found = _ADDRESS.fullmatch(address)
        if found and not _LOCAL.match(found["host"] or ""):
            ports.append(f"{found['port']}/{'tcp' if kind == 'Stream' else 'udp'}")
    yield from ports
