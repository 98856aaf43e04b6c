"""
What works on this machine: each thing tundish needs is tried, not looked up, and each lack comes with
the one command that mends it.
"""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tundish.core.errors import TundishError
from tundish.settings import Settings
from tundish.tools.qemu import accelerator
from tundish.tools.run import find, run

ENOUGH = 5 * 1024**3  # bytes; a build and a handful of images
IPXE = Path("/usr/lib/ipxe/qemu/pxe-virtio.rom")
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Condition:
    """
    One thing that was tried: for which job it is needed, what was found, and what mends it if it lacks.

    `needed` is False for what only makes things faster.
    """

    name: str
    job: str
    works: bool
    found: str
    mend: str
    needed: bool = True


def examine(settings: Settings) -> Iterator[Condition]:
    """
    Try one thing after the other. Takes up to 15 seconds, most of them for KVM.
    """
    yield _python()
    yield _state(settings.state)
    yield _disk(settings.state)
    yield _program("gpgv", "sync", ["gpgv", "--version"], "gpgv")
    yield _program("gpg", "publish", ["gpg", "--version"], "gpg")
    yield _program("gpg-agent", "publish", ["gpg-agent", "--version"], "gpg-agent")
    yield _program("mmdebstrap", "build", ["mmdebstrap", "--version"], "mmdebstrap")
    yield _program("mksquashfs", "build", ["mksquashfs", "-version"], "squashfs-tools")
    yield _program("pigz", "build", ["pigz", "--version"], "pigz")
    yield _program("zstd", "build", ["zstd", "--version"], "zstd")
    yield _namespaces()
    yield _program("QEMU", "demo", ["qemu-system-x86_64", "--version"], "qemu-system-x86")
    yield _firmware()
    yield _kvm()


def _tried(action: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, action()
    except (TundishError, OSError) as error:
        return False, str(error).splitlines()[0]


def _install(package: str) -> str:
    return f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install --no-install-recommends {package}"


def _python() -> Condition:
    works = sys.version_info >= (3, 11)
    return Condition("Python", "all", works, platform.python_version(), _install("python3"))


def _state(state: Path) -> Condition:
    def write() -> str:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=state):
            return str(state)

    works, found = _tried(write)
    return Condition("state folder", "all", works, found, "tundish --state FOLDER ..., one you may write to")


def _disk(state: Path) -> Condition:
    place = next(folder for folder in (state, *state.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1024**3:.1f} GiB free at {place}"
    mend = f"free {ENOUGH / 1024**3:.0f} GiB there, or choose another folder with --state"
    return Condition("disk", "sync, build", free >= ENOUGH, found, mend)


def _program(name: str, job: str, command: list[str], package: str) -> Condition:
    def ask() -> str:
        # Some of these end with an exit code of their own after saying their version.
        done = run(command, timeout=_SECONDS, accept=range(256))
        said = (done.stdout or done.stderr).decode(errors="replace").strip()
        return said.splitlines()[0] if said else find(command[0])

    works, found = _tried(ask)
    return Condition(name, job, works, found, _install(package))


def _namespaces() -> Condition:
    """
    Without root, a build makes its root filesystem in a user namespace of its own.
    """
    if os.geteuid() == 0:
        return Condition("user namespaces", "build", works=True, found="not needed: you are root", mend="")

    def ask() -> str:
        find("newuidmap")
        run(["unshare", "--user", "--map-root-user", "true"], timeout=_SECONDS)
        return "a test program ran in one"

    works, found = _tried(ask)
    mend = f"{_install('uidmap')} && sudo sysctl -w kernel.unprivileged_userns_clone=1"
    return Condition("user namespaces", "build", works, found, mend)


def _firmware() -> Condition:
    found = str(IPXE) if IPXE.exists() else f"there is no {IPXE}"
    return Condition("iPXE firmware", "demo", IPXE.exists(), found, _install("ipxe-qemu"))


def _kvm() -> Condition:
    def ask() -> str:
        with tempfile.TemporaryDirectory(prefix="tundish-") as folder:
            found = accelerator(Path(folder))
        if found.name != "kvm":
            raise TundishError(f"machines are emulated, which is slower: {found.reason}")
        return found.reason

    works, found = _tried(ask)
    mend = "nothing must be done; on real hardware: switch virtualisation on, and let your user open /dev/kvm"
    return Condition("KVM", "demo", works, found, mend, needed=False)
