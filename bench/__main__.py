"""
python -m bench: generate a stream, serve it, mirror it with each client in turn, print what it cost.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from bench import report
from bench.clients import CLIENTS, Offer
from bench.key import throw_away_key
from bench.machine import describe
from bench.measure import RunFailed
from bench.server import served
from bench.stream import KIB, Shape, write
from bench.trial import Trial, measure


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Mirror one stream with tundish, the reference client and curl."
    )
    parser.add_argument("--products", type=_positive, default=200, help="size of the stream (default 200)")
    parser.add_argument("--versions", type=_positive, default=2, help="versions of each product (default 2)")
    parser.add_argument("--item-kib", type=_positive, default=256, help="KiB of each file (default 256)")
    parser.add_argument("--rounds", type=_positive, default=3, help="runs of each client (default 3)")
    parser.add_argument(
        "--clients",
        type=lambda text: text.split(","),
        default=list(CLIENTS),
        help=f"who takes part, with commas (default {','.join(CLIENTS)})",
    )
    parser.add_argument("--work", type=Path, help="where to put stream and targets (default: TMPDIR)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print every run, as JSON")
    form.add_argument("--markdown", action="store_true", help="print the tables for the documentation")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.clients) - set(CLIENTS):
        parser.error(f"no such client: {', '.join(sorted(unknown))}; there are {', '.join(CLIENTS)}")
    return chosen


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def trial(chosen: argparse.Namespace, scratch: Path) -> Trial:
    shape = Shape(chosen.products, chosen.versions, chosen.item_kib * KIB)
    root, keyring = scratch / "stream", scratch / "keyring.gpg"
    root.mkdir()
    tell(f"generating {shape.items} files, {shape.bytes / 1e6:.1f} MB ...")
    with throw_away_key() as key:
        keyring.write_bytes(key.keyring())
        write(root, shape, key.clearsign)
    clients = [CLIENTS[name] for name in chosen.clients]
    with served(root, scratch) as url:
        offer = Offer(url, keyring, shape)
        return measure(describe(scratch), offer, clients, rounds=chosen.rounds, scratch=scratch, tell=tell)


def main(arguments: list[str]) -> int:
    chosen = options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every context is left, and nginx ended
    show = report.as_json if chosen.json else report.as_markdown if chosen.markdown else report.as_text
    with tempfile.TemporaryDirectory(prefix="tundish-bench-", dir=chosen.work) as scratch:
        try:
            print(show(trial(chosen, Path(scratch))))
        except RunFailed as error:
            tell(f"bench: {error}")
            return 10
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
