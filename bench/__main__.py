"""
python -m bench: generate streams, serve them, mirror each with every client in turn, print what it cost.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import looking, report
from bench.cases import CASES, Case, with_reference
from bench.disk import DISK
from bench.key import Key, throw_away_key
from bench.machine import describe
from bench.measure import RunFailed
from bench.pack import PACK
from bench.root import INDEX
from bench.stream import KIB
from bench.trial import Trial, measure

LOOKS = {look.name: look for look in (DISK, INDEX, PACK)}


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Mirror streams with tundish, the reference client and curl."
    )
    parser.add_argument(
        "--case", choices=(*CASES, *LOOKS, "all"), default="a", help="what to measure (default a)"
    )
    parser.add_argument("--rounds", type=_positive, default=5, help="runs of each client (default 5)")
    parser.add_argument("--products", type=_positive, help="another size of the stream")
    parser.add_argument("--item-kib", type=_positive, help="another size of each file, in KiB")
    parser.add_argument("--clients", type=lambda text: text.split(","), help="who takes part, with commas")
    parser.add_argument(
        "--reference-too", action="store_true", help="the reference takes part where it needs half an hour"
    )
    parser.add_argument("--work", type=Path, help="where to put streams and targets (default: TMPDIR)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print every run, as JSON")
    form.add_argument("--markdown", action="store_true", help="print the tables for the documentation")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def chosen_cases(chosen: argparse.Namespace) -> Sequence[Case]:
    """
    Raises:
        RunFailed: nobody of those named takes part.
    """
    names = CASES if chosen.case == "all" else [chosen.case]
    return [_fitted(CASES[name], chosen) for name in names]


def _fitted(case: Case, chosen: argparse.Namespace) -> Case:
    if chosen.reference_too and case.name == "b":
        case = with_reference(case)
    clients = tuple(each for each in case.clients if chosen.clients is None or each.name in chosen.clients)
    if not clients:
        known = ", ".join(each.name for each in case.clients)
        raise RunFailed(f"nobody of {', '.join(chosen.clients)} takes part in case {case.name}: {known} do")
    shape = replace(
        case.shape,
        products=chosen.products or case.shape.products,
        item_size=chosen.item_kib * KIB if chosen.item_kib else case.shape.item_size,
    )
    return replace(case, shape=shape, clients=clients)


def trial(case: Case, key: Key, chosen: argparse.Namespace) -> Trial:
    with tempfile.TemporaryDirectory(prefix="tundish-bench-", dir=chosen.work) as scratch:
        files = sum(shape.offered for shape in case.shapes)
        tell(f"case {case.name}: generating {files} files ...")
        with case.entrants(key, Path(scratch)) as entrants:
            return measure(case, entrants, rounds=chosen.rounds, scratch=Path(scratch), tell=tell)


def looked_into(look: looking.Look, chosen: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory(prefix="tundish-bench-", dir=chosen.work) as scratch:
        usages = looking.measure(look, rounds=chosen.rounds, scratch=Path(scratch), tell=tell)
        machine = "\n".join(f"- {line}" for line in describe(Path(scratch)).lines())
        return f"{machine}\n\n{looking.as_markdown(look, usages)}"


def main(arguments: list[str]) -> int:
    chosen = options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every context is left, and nginx ended
    show = report.as_json if chosen.json else report.as_markdown if chosen.markdown else report.as_text
    try:
        if chosen.case in LOOKS:
            print(looked_into(LOOKS[chosen.case], chosen))
            return 0
        with throw_away_key() as key:
            trials = [trial(case, key, chosen) for case in chosen_cases(chosen)]
        print(show(describe(chosen.work or Path(tempfile.gettempdir())), trials))
    except RunFailed as error:
        tell(f"bench: {error}")
        return 10
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
