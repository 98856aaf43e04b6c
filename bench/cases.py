"""
What there is to measure: for each case a stream, a server, who takes part, and which ratios say something.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench import server, slow
from bench.clients import Client, Curl, Hash, Offer, Reference, SyncedCurl, Tundish
from bench.key import Key
from bench.stream import KIB, Shape, write

GIB = 1024**3
Serve = Callable[[Path, Path], AbstractContextManager[str]]  # a folder and a scratch folder to a URL


@dataclass(frozen=True, slots=True)
class Pair:
    """
    A ratio worth knowing: ours against theirs, of several in each round against the greatest.
    """

    ours: str
    theirs: tuple[str, ...]

    @property
    def name(self) -> str:
        rest = " and ".join(self.theirs)
        return f"{self.ours} / {rest if len(self.theirs) == 1 else f'the greater of {rest}'}"


@dataclass(frozen=True, slots=True)
class Entrant:
    """
    One client on one stream.
    """

    name: str
    client: Client
    offer: Offer


@dataclass(frozen=True, slots=True)
class Case:
    """
    `note` is what a reader must know beside the figures of the run. A linear case is measured on its
    stream and on one of twice as many products.
    """

    name: str
    title: str
    shape: Shape
    clients: tuple[Client, ...]
    pairs: tuple[Pair, ...]
    serve: Serve = server.served
    server: str = "nginx"
    note: str = ""
    is_linear: bool = False

    @property
    def shapes(self) -> tuple[Shape, ...]:
        twice = replace(self.shape, products=2 * self.shape.products)
        return (self.shape, twice) if self.is_linear else (self.shape,)

    @contextmanager
    def entrants(self, key: Key, scratch: Path) -> Iterator[Sequence[Entrant]]:
        """
        Make and serve the stream; whoever takes part can mirror it within the context.
        """
        root, keyring = scratch / "stream", scratch / "keyring.gpg"
        keyring.write_bytes(key.keyring())
        for shape in self.shapes:
            (root / str(shape.products)).mkdir(parents=True)
            write(root / str(shape.products), shape, key.clearsign)
        with self.serve(root, scratch) as url:
            yield [
                Entrant(
                    client.name if shape is self.shape else f"{client.name}, twice",
                    client,
                    Offer(f"{url}/{shape.products}", keyring, shape, root / str(shape.products)),
                )
                for shape in self.shapes
                for client in self.clients
            ]


B = Shape(products=5000, versions=2, item_size=KIB, keep=1)
REFERENCE_ON_B = (
    "The reference takes part only with --reference-too. Not measured in this run, but once before on such "
    "a machine (2 cores, load 7 to 12): first sync 1703 s wall, 693 s CPU, 162 MiB; nothing new 5.5 to 8 s, "
    "168 MiB."
)
CASES = {
    case.name: case
    for case in (
        Case(
            "a",
            "Stream A: files of a middle size",
            Shape(products=200, versions=2, item_size=256 * KIB, keep=2),
            (Reference(), Tundish(), Curl(4), SyncedCurl(4)),
            (
                Pair("tundish", ("reference",)),
                Pair("tundish", ("curl",)),
                Pair("tundish", ("curl-synced",)),
                Pair("reference", ("curl",)),
            ),
        ),
        Case(
            "b",
            "Stream B: very many small files, the newest version of each product",
            B,
            (Tundish(), Curl(4)),
            (Pair("tundish", ("reference",)), Pair("tundish", ("curl",))),
            note=REFERENCE_ON_B,
        ),
        Case(
            "latency",
            "Latency: every new connection and every request waits 50 ms",
            Shape(products=50, versions=2, item_size=64 * KIB, keep=2),
            (Tundish(), Curl(8)),
            (Pair("tundish", ("curl",)),),
            serve=slow.served,
            server="a server of the benchmark's own",
        ),
        Case(
            "big",
            "One file of 4 GiB; curl only downloads it, sha256 only reads and hashes it",
            Shape(products=1, versions=1, item_size=4 * GIB, keep=1, kinds=("squashfs",), is_hole=True),
            (Tundish(), Curl(1), SyncedCurl(1), Hash()),
            (
                Pair("tundish", ("curl", "sha256")),
                Pair("tundish", ("curl-synced", "sha256")),
                Pair("tundish", ("curl",)),
                Pair("tundish", ("sha256",)),
            ),
        ),
        Case(
            "linear",
            "Stream B and its double: what twice the products cost",
            B,
            (Tundish(),),
            (Pair("tundish, twice", ("tundish",)),),
            is_linear=True,
        ),
    )
}


def with_reference(case: Case) -> Case:
    """
    The case with the reference among its clients, however long it takes.
    """
    if any(client.name == Reference.name for client in case.clients):
        return case
    return replace(case, clients=(Reference(), *case.clients), note="")
