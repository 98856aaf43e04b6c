"""
Licences as SPDX writes them: which texts are expressions of known names, and what Debian's short names mean.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tundish.anatomy.facts import Installed
from tundish.anatomy.index import Index

MAX_COPYRIGHT = 256 * 1024
MAX_READ = 64 * 1024 * 1024
MAX_LENGTH = 2000
_GNU = {
    f"{kind}-{version}-{which}"
    for kind, versions in (
        ("GPL", ("1.0", "2.0", "3.0")),
        ("LGPL", ("2.0", "2.1", "3.0")),
        ("AGPL", ("1.0", "3.0")),
        ("GFDL", ("1.1", "1.2", "1.3")),
    )
    for version in versions
    for which in ("only", "or-later")
}
NAMES = _GNU | {
    "0BSD",
    "AFL-2.1",
    "AFL-3.0",
    "Apache-1.0",
    "Apache-1.1",
    "Apache-2.0",
    "Artistic-1.0",
    "Artistic-1.0-Perl",
    "Artistic-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-2-Clause-Patent",
    "BSD-3-Clause",
    "BSD-4-Clause",
    "BSD-4-Clause-UC",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "Bitstream-Vera",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDDL-1.0",
    "CDDL-1.1",
    "EPL-1.0",
    "EPL-2.0",
    "FSFAP",
    "FSFUL",
    "FSFULLR",
    "FTL",
    "HPND",
    "ICU",
    "IJG",
    "IPL-1.0",
    "ISC",
    "ImageMagick",
    "JSON",
    "LPPL-1.3c",
    "Libpng",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-1.0",
    "MPL-1.1",
    "MPL-2.0",
    "MS-PL",
    "NCSA",
    "NTP",
    "OFL-1.0",
    "OFL-1.1",
    "OLDAP-2.8",
    "OpenSSL",
    "PHP-3.01",
    "PSF-2.0",
    "PostgreSQL",
    "Python-2.0",
    "QPL-1.0",
    "Ruby",
    "SGI-B-2.0",
    "SISSL",
    "SMLNJ",
    "Sleepycat",
    "TCL",
    "TCP-wrappers",
    "UPL-1.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Vim",
    "W3C",
    "WTFPL",
    "X11",
    "XFree86-1.1",
    "ZPL-2.1",
    "Zlib",
    "bzip2-1.0.6",
    "curl",
    "libtiff",
    "zlib-acknowledgement",
}
EXCEPTIONS = {
    "Autoconf-exception-2.0",
    "Autoconf-exception-3.0",
    "Bison-exception-2.2",
    "Classpath-exception-2.0",
    "Font-exception-2.0",
    "GCC-exception-2.0",
    "GCC-exception-3.1",
    "LLVM-exception",
    "Linux-syscall-note",
    "OpenJDK-assembly-exception-1.0",
    "openvpn-openssl-exception",
    "u-boot-exception-2.0",
}
_SHORT = {
    "expat": "MIT",
    "mit": "MIT",
    "isc": "ISC",
    "zlib": "Zlib",
    "apache-2": "Apache-2.0",
    "artistic": "Artistic-1.0-Perl",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "cc0": "CC0-1.0",
    "psf-2": "PSF-2.0",
}
_GNU_SHORT = re.compile(r"(A?GPL|LGPL|GFDL)-(\d)(?:\.(\d))?(\+?)", re.IGNORECASE)
_TOKEN = re.compile(r"[()]|[^\s()]+")
_FIELD = re.compile(r"^License:[ \t]*(\S[^\n]*)$", re.MULTILINE | re.IGNORECASE)


def is_expression(text: str) -> bool:
    """
    Whether a text is an expression of SPDX made of names that are known here.
    """
    tokens = _TOKEN.findall(text) if len(text) <= MAX_LENGTH else []
    wants_name, depth = True, 0
    for place, token in enumerate(tokens):
        if token == "(" and wants_name:  # noqa: S105 # a bracket, no secret
            depth += 1
        elif token == ")" and not wants_name and depth:  # noqa: S105
            depth -= 1
        elif wants_name and token in (EXCEPTIONS if tokens[place - 1 : place] == ["WITH"] else NAMES):
            wants_name = False
        elif not wants_name and token in {"AND", "OR", "WITH"}:
            wants_name = True
        else:
            return False
    return bool(tokens) and not wants_name and not depth


def spdx_name(short: str) -> str:
    """
    The name that SPDX has for a short name of Debian; the short name itself where it has none.
    """
    if gnu := _GNU_SHORT.fullmatch(short):
        name = f"{gnu[1].upper()}-{gnu[2]}.{gnu[3] or '0'}-{'or-later' if gnu[4] else 'only'}"
        return name if name in NAMES else short
    return _SHORT.get(short.lower(), short)


def with_licences(index: Index, packages: Sequence[Installed]) -> tuple[Installed, ...]:
    """
    Packages with the licences of their copyright files, where the database names none and the file is of the
    form that machines can read.

    Raises:
        BadImage: the image is damaged there.
    """
    found, left = list[Installed](), MAX_READ
    for package in packages:
        path = f"usr/share/doc/{package.name}/copyright"
        entry = None if package.licence else index.at(path)
        if entry is None or entry.size > min(left, MAX_COPYRIGHT) or not index.is_file(path):
            found.append(package)
            continue
        left -= entry.size
        names = dict.fromkeys(_licences(index.text(path, MAX_COPYRIGHT) or ""))
        found.append(replace(package, licence=" AND ".join(names)))
    return tuple(found)


def _licences(text: str) -> Iterator[str]:
    if text.lstrip()[:7].lower() != "format:":
        return
    for field in _FIELD.findall(text):
        words = field.strip().rstrip(",").replace(",", " ").split()
        parts = [word.upper() if word.lower() in {"and", "or"} else spdx_name(word) for word in words]
        joined = " ".join(parts)
        if len(joined) <= MAX_LENGTH:
            yield from [f"({joined})"] if " OR " in joined else joined.split(" AND ")
