"""
mmdebstrap: a root filesystem of Debian or Ubuntu as a tar, from signed apt sources.

Runs as root where we are root, in a user namespace otherwise; both give the same bytes. The packages
that apt downloads are kept in a cache between runs; apt checks each against its signed index again.
"""

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tundish.core.clock import monotonic
from tundish.core.errors import ToolFailed
from tundish.tools.run import Running, find, run, start

TIMEOUT = 1800.0
MERGED_USR = ("bookworm",)  # where /usr is merged by a package that needs perl, unless it is merged before
MERGED_USR_HOOK = Path("/usr/share/mmdebstrap/hooks/merged-usr")
HOST_SETTINGS = (
    "acquire::http",
    "acquire::https",
    "acquire::check-",
    "acquire::forceipv",
    "acquire::retries",
)
# However we end, mmdebstrap ends too; and root's mounts below the unpacked root, the machine's own /dev
# among them, are seen by nobody else: what is left behind can be deleted without following them.
TIED = ("setpriv", "--pdeathsig", "TERM")
CONTAINED = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
)
ALWAYS = ('Acquire::Languages "none";', 'Acquire::Retries "3";')
KEPT_LINES = 40


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """
    One root filesystem to be made.

    `cleaning` are shell lines that run at the end, with the root's path as `$1`. `cache` and `scratch`
    are folders that exist; `scratch` holds the unpacked root for a while.
    """

    suite: str
    sources: Sequence[str]
    packages: Sequence[str]
    cleaning: Sequence[str]
    epoch: int
    cache: Path
    scratch: Path


def native_arch() -> str:
    """
    What dpkg calls the architecture of this machine.

    Raises:
        ToolMissing: dpkg is not installed.
    """
    return run(["dpkg", "--print-architecture"], timeout=10).stdout.decode().strip()


def bootstrap(what: Bootstrap, target: Path, progress: Callable[[str], None]) -> None:
    """
    Write the root as an uncompressed tar: sorted, numeric owners, nothing newer than the epoch.

    Raises:
        ToolMissing, ToolFailed: mmdebstrap is not installed, or failed; its last lines are told.
    """
    sources = target.with_name("apt.sources")
    settings = target.with_name("apt.conf")
    sources.write_text("\n".join(what.sources))
    settings.write_text("\n".join((*_host_settings(), *ALWAYS, "")))
    settings.chmod(0o600)  # a proxy's address may hold a password
    log = target.with_name("mmdebstrap.log")
    find("mmdebstrap")
    environment = {
        "SOURCE_DATE_EPOCH": str(what.epoch),
        "TMPDIR": str(what.scratch),
        "INITRD": "No",  # ours is made apart; this saves 16 s
        "LC_ALL": "C.UTF-8",
        "HOME": str(what.scratch),  # nobody's own settings of dpkg count
    }
    with start(tuple(_command(what, target, sources, settings)), log=log, env=environment) as running:
        _watch(running, log, progress)


def _command(what: Bootstrap, target: Path, sources: Path, settings: Path) -> Iterator[str | Path]:
    cache = shlex.quote(str(what.cache))
    is_root = os.geteuid() == 0
    yield from CONTAINED if is_root else TIED
    yield "mmdebstrap"
    yield f"--mode={'root' if is_root else 'unshare'}"
    yield from ("--variant=apt", "--format=tar", "--dpkgopt=force-unsafe-io", f"--aptopt={settings}")
    yield f"--include={','.join(what.packages)}"
    if what.suite in MERGED_USR and MERGED_USR_HOOK.is_dir():
        yield f"--hook-dir={MERGED_USR_HOOK}"
    yield "--skip=essential/unlink"
    yield '--setup-hook=mkdir -p "$1"/var/cache/apt/archives'
    yield f"--setup-hook=sync-in {cache} /var/cache/apt/archives"
    yield f"--customize-hook=sync-out /var/cache/apt/archives {cache}"
    for line in what.cleaning:
        yield f"--customize-hook={line}"
    yield from (what.suite, target, sources)


def _host_settings() -> Iterator[str]:
    """
    How this machine's apt reaches its archive: proxies, certificates, how stale an index may be.
    """
    for line in run(["apt-config", "dump"], timeout=30).stdout.decode(errors="replace").splitlines():
        name, _, value = line.partition(" ")
        if name.lower().startswith(HOST_SETTINGS) and value not in {'"";', ""}:
            yield line


def _watch(running: Running, log: Path, progress: Callable[[str], None]) -> None:
    """
    Tell what mmdebstrap says of its own steps until it ends.
    """
    deadline = monotonic() + TIMEOUT
    with log.open("rb") as said:
        while (code := running.ended(within=0.2)) is None:
            _tell(said, progress)
            if monotonic() > deadline:
                raise ToolFailed(f"gave up after {TIMEOUT:.0f} s: {running.line}", command=running.line)
        _tell(said, progress)
    if code != 0:
        last = log.read_text(errors="replace").splitlines()[-KEPT_LINES:]
        raise ToolFailed(
            "\n".join((f"mmdebstrap failed with exit code {code}; its last lines:", *last)),
            command=running.line,
            code=code,
        )


def _tell(said: BinaryIO, progress: Callable[[str], None]) -> None:
    for line in said.read().decode(errors="replace").splitlines():
        step = line.removeprefix("I: ").rstrip(".")
        if line.startswith("I: ") and not step.startswith(
            ("running -", "running special", "skipping", "using")
        ):
            progress(step)
