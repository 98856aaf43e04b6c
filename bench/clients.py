"""
Who is measured: the command lines of each client, and how much it must hold afterwards.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.measure import RunFailed
from bench.stream import INDEX, Shape, paths

Command = Sequence[str]
HASH = "import hashlib, sys; print(hashlib.file_digest(open(sys.argv[1], 'rb'), 'sha256').hexdigest())"


@dataclass(frozen=True, slots=True)
class Offer:
    """
    The stream that clients mirror: where it is served, and the folder it is served from.
    """

    url: str
    keyring: Path
    shape: Shape
    root: Path


class Client(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def holds(self) -> bool:
        """
        Whether it is to hold all files afterwards.
        """

    @property
    def knows_what_it_holds(self) -> bool:
        """
        Whether a second run is worth measuring.
        """

    def configure(self, offer: Offer, target: Path, /) -> Sequence[Command]:
        """
        What a person does once, before the first run. Not measured.
        """

    def sync(self, offer: Offer, target: Path, /) -> Command:
        """
        The command that is measured.
        """


class Reference:
    name = "reference"
    holds = True
    knows_what_it_holds = True

    def configure(self, _offer: Offer, _target: Path, /) -> Sequence[Command]:
        return ()

    def sync(self, offer: Offer, target: Path) -> Command:
        # By way of the interpreter: the first line of the script cannot hold a path with a space.
        script = Path(sys.executable).with_name("sstream-mirror")
        most = (f"--max={offer.shape.keep}",) if offer.shape.keep < offer.shape.versions else ()
        return (
            sys.executable,
            str(script),
            f"--keyring={offer.keyring}",
            *most,
            f"{offer.url}/{INDEX}.sjson",
            str(target),
        )


class Tundish:
    name = "tundish"
    holds = True
    knows_what_it_holds = True

    def configure(self, offer: Offer, target: Path) -> Sequence[Command]:
        return (
            self._command(target, "source", "add", "bench", offer.url, "--keyring", str(offer.keyring)),
            self._command(target, "select", "add", "*/*", "--keep", str(offer.shape.keep)),
        )

    def sync(self, _offer: Offer, target: Path, /) -> Command:
        return self._command(target, "sync")

    def _command(self, target: Path, *words: str) -> Command:
        return (sys.executable, "-m", "tundish", "--state", str(target), *words)


@dataclass(frozen=True, slots=True)
class Curl:
    """
    The floor: the same files over kept-alive connections, with no verification and no bookkeeping.
    """

    parallel: int
    name: str = "curl"
    holds: bool = True
    knows_what_it_holds: bool = False

    def configure(self, offer: Offer, target: Path) -> Sequence[Command]:
        target.mkdir()
        lines = (
            f'url = "{offer.url}/{path}"\noutput = "{target}/{path}"\n'
            for path in (INDEX + ".sjson", *paths(offer.shape))
        )
        self._list(target).write_text("".join(lines))
        return ()

    def sync(self, _offer: Offer, target: Path, /) -> Command:
        options = ("--silent", "--show-error", "--fail", "--create-dirs")
        side = ("--parallel", "--parallel-max", str(self.parallel)) if self.parallel > 1 else ()
        return ("curl", *options, *side, "--config", str(self._list(target)))

    def _list(self, target: Path) -> Path:
        return target / "urls"


@dataclass(frozen=True, slots=True)
class SyncedCurl(Curl):
    """
    Curl, and then everything it wrote made durable at once: the floor for who promises that.
    """

    name: str = "curl-synced"

    def sync(self, offer: Offer, target: Path, /) -> Command:
        line = 'file_system=$1; shift; "$@" && sync -f "$file_system"'
        # Without the bare super(): a dataclass with slots is another class than the one written here.
        return ("sh", "-c", line, "sh", str(target), *Curl.sync(self, offer, target))


class Hash:
    """
    The other floor of one large file: reading and hashing it, with no network and nothing written.
    """

    name = "sha256"
    holds = False
    knows_what_it_holds = False

    def configure(self, _offer: Offer, _target: Path, /) -> Sequence[Command]:
        return ()

    def sync(self, offer: Offer, _target: Path, /) -> Command:
        return (sys.executable, "-I", "-c", HASH, str(offer.root / next(paths(offer.shape))))


def prove_held(client: Client, target: Path, shape: Shape) -> None:
    """
    Count the files of an item's size below `target`.

    Raises:
        RunFailed: there are fewer than the client should hold.
    """
    states = (path.lstat() for path in target.rglob("*") if path.is_file() and not path.is_symlink())
    held = len({state.st_ino for state in states if state.st_size == shape.item_size})
    if client.holds and held < shape.items:
        raise RunFailed(f"{client.name} ended well, but holds {held} of {shape.items} files")
