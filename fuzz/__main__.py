"""
python -m fuzz: give every parser inputs that nobody would write, and see that it stays within its bounds.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from fuzz import finding, report, runner
from fuzz.judge import execute
from fuzz.target import Target


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/fuzz", description="Fuzz the parsers of tundish, one after another."
    )
    parser.add_argument("target", nargs="*", help="which (default: all)")
    parser.add_argument("--list", action="store_true", help="list the targets, and what each proves")
    parser.add_argument("--runs", type=_positive, default=100_000, help="executions of each (default 100000)")
    parser.add_argument("--seconds", type=_positive, default=300, help="most time for each (default 300)")
    parser.add_argument("--seed", type=_positive, default=1, help="of chance (default 1)")
    parser.add_argument("--repeat", type=Path, metavar="FILE", help="give one target this input, once")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the figures as JSON")
    form.add_argument("--markdown", action="store_true", help="print the table for the documentation")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """
    0: nothing was found; 1: a target failed; 2: wrong words; 10: atheris is not installed.
    """
    given = options(arguments)
    try:
        targets = finding.chosen(given.target)
    except LookupError as error:
        return _refused(str(error.args[0]), 2)
    if given.list:
        print("\n".join(f"{each.name:24} {' '.join((each.takes.__doc__ or '').split())}" for each in targets))
        return 0
    if given.repeat:
        return (
            _repeat(given.repeat, targets) if len(targets) == 1 else _refused("--repeat needs one target", 2)
        )
    if find_spec("atheris") is None:
        return _refused("atheris is not installed; run: scripts/setup fuzz", 10)
    ran = []
    for each in targets:
        print(f"{each.name} ...", file=sys.stderr, flush=True)
        ran.append(runner.run(each, executions=given.runs, seconds=given.seconds, seed=given.seed))
    print(
        report.as_json(ran) if given.json else report.markdown(ran) if given.markdown else report.table(ran)
    )
    print("".join(f"\n{each}" for each in report.failures(ran)), file=sys.stderr, end="")
    return int(any(each.failure for each in ran))


def _repeat(path: Path, targets: Sequence[Target]) -> int:
    """
    Without the engine, so that a debugger can follow; what goes wrong is shown as it is.
    """
    spent = execute(targets[0], path.read_bytes())
    print(f"{targets[0].name}: {path} is well taken, in {spent * 1000:.1f} ms")
    return 0


def _refused(text: str, code: int) -> int:
    print(f"fuzz: {text}", file=sys.stderr)
    return code


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
