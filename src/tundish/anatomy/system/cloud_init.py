"""
cloud-init inside an image: whether it will run, for whom, and whether it can reach MAAS.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from tundish.anatomy.facts import CloudInit, Installed
from tundish.anatomy.index import Index
from tundish.anatomy.system import python, units, yaml_lines

PROGRAM = "usr/bin/cloud-init"
MAX_FILE = 1024 * 1024
MAX_FILES = 100
_UNITS = re.compile(r"cloud-(?:init|init-local|init-main|init-network|config|final)(?:\.service)?")
_TARGET = "cloud-init.target"
_GENERATORS = tuple(
    f"{place}/systemd/system-generators/cloud-init-generator" for place in ("etc", "usr/lib", "lib")
)
_PACKAGED = re.compile(r"^_PACKAGED_VERSION\s*=\s*['\"](\d[^'\"]*)['\"]", re.MULTILINE)
_UPSTREAM = re.compile(r"^__VERSION__\s*=\s*['\"](\d[^'\"]*)['\"]", re.MULTILINE)
_COMMAND_LINES = (
    *("etc/default/grub", "etc/default/grub.d/*.cfg", "etc/kernel/cmdline", "boot/loader/entries/*.conf"),
    *("boot/grub/grub.cfg", "boot/grub2/grub.cfg", "boot/efi/EFI/*/grub.cfg", "etc/sysconfig/bootloader"),
)
_SWITCHED_OFF = re.compile(r"^[^#\n]*\bcloud-init=disabled\b", re.MULTILINE)
_POLICY = re.compile(r"^[ \t]*policy[ \t]*:[ \t]*disabled\b", re.MULTILINE)


def read(index: Index, packages: Sequence[Installed], wanted: Sequence[units.Wanted]) -> CloudInit:
    """
    What an image says of its cloud-init; empty where it has none.
    """
    folders = python.folders(index, PROGRAM)
    user, datasources = _configured(index)
    return CloudInit(
        version=_version(index, packages, folders),
        default_user=user,
        units=_enabled(index, wanted),
        datasources=datasources,
        maas=any(index.is_file(f"{folder}/cloudinit/sources/DataSourceMAAS.py") for folder in folders),
        oauth=any(f"{folder}/oauthlib/__init__.py" in index for folder in folders),
        disabled=_disabled(index),
    )


def _version(index: Index, packages: Sequence[Installed], folders: Sequence[str]) -> str:
    """
    The version of its makers: 24.1.4 of a package 24.1.4-0ubuntu0~22.04.1.
    """
    packaged = next((one.version for one in packages if one.name == "cloud-init"), "")
    texts = (index.text(f"{folder}/cloudinit/version.py", MAX_FILE) or "" for folder in folders)
    found = (found[1] for text in texts for form in (_PACKAGED, _UPSTREAM) if (found := form.search(text)))
    version = packaged or next(found, "")
    return version.rpartition(":")[2].partition("-")[0].partition("~")[0].partition("+")[0]


def _configured(index: Index) -> tuple[str, tuple[str, ...]]:
    """
    The default user and the list of data sources; a later file overrides an earlier one.
    """
    user, datasources = "", tuple[str, ...]()
    for text in _files(index):
        found = list(yaml_lines.settings(text))
        user = next((value for path, value in found if path == ("system_info", "default_user", "name")), user)
        datasources = tuple(value for path, value in found if path == ("datasource_list",)) or datasources
    return user, datasources


def _files(index: Index) -> Iterator[str]:
    more = [
        entry.path for entry in index.matching("etc/cloud/cloud.cfg.d/*.cfg") if index.is_file(entry.path)
    ]
    for path in ("etc/cloud/cloud.cfg", *sorted(more)[:MAX_FILES]):
        yield index.text(path, MAX_FILE) or ""


def _enabled(index: Index, wanted: Sequence[units.Wanted]) -> tuple[str, ...]:
    """
    Units that will be started: those of its own target only if something starts the target.
    """
    started = any(index.is_file(place) for place in _GENERATORS) or any(one.unit == _TARGET for one in wanted)
    started = started and not units.masked(index, _TARGET)
    names = (one.unit for one in wanted if _UNITS.fullmatch(one.unit) and (started or one.by != _TARGET))
    return tuple(dict.fromkeys(names))


def _disabled(index: Index) -> str:
    """
    The path of what switches it off.
    """
    if "etc/cloud/cloud-init.disabled" in index:
        return "etc/cloud/cloud-init.disabled"
    identify = "etc/cloud/ds-identify.cfg"
    if _POLICY.search(index.text(identify, MAX_FILE) or ""):
        return identify
    if units.masked(index, _TARGET):
        return f"{units.FOLDERS[0]}/{_TARGET}"
    for pattern in _COMMAND_LINES:
        for entry in islice(index.matching(pattern), MAX_FILES):
            if index.is_file(entry.path) and _SWITCHED_OFF.search(index.text(entry.path, MAX_FILE) or ""):
                return entry.path
    return ""
