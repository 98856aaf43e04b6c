"""
One target in one process of its own, driven by atheris; `fuzz.runner` starts it and reads what it says.

Coverage is counted in tundish alone, but for CRC-32C: its loop over all bytes leads nowhere, and as most
inputs have the sums of others, they are kept. The slowest execution and the pace are noted while it runs,
because the engine ends the process by itself.
"""

import resource
import sys
from functools import lru_cache
from math import ceil
from pathlib import Path
from random import Random
from time import monotonic

import atheris

from fuzz.target import MIB, Target
from tundish.anatomy import crc32c

_FIRST_HANG = 5  # seconds of a wall clock over which an execution hangs, on a machine that is idle
_NOTED = 1000  # executions
_ENGINE = 512 * MIB  # what the engine itself may come to need


def main(arguments: list[str]) -> None:
    """
    NAME NOTES OPTION...: fuzz the target; further options are those of libFuzzer.
    """
    name, notes, *options = arguments
    vars(crc32c)["crc32c"] = lru_cache(maxsize=256)(crc32c.crc32c)
    with atheris.instrument_imports(include=["tundish"]):
        from fuzz.finding import named
        from fuzz.judge import execute

        target = named(name)  # which imports its parser
    slowest, count, began = 0.0, 0, monotonic()

    def once(data: bytes) -> None:
        nonlocal slowest, count
        spent = execute(target, data)
        count += 1
        if spent > slowest or not count % _NOTED:
            slowest = max(slowest, spent)
            Path(notes).write_text(f"{slowest:.6f} {count} {monotonic() - began:.3f}\n")

    list(target.seeds())  # what is made once and kept belongs to no execution
    _bound(target)
    bounds = [
        f"-max_len={target.longest}",
        f"-timeout={_FIRST_HANG + ceil(5 * target.seconds)}",
        f"-rss_limit_mb={(_ENGINE + target.memory) // MIB}",
    ]
    command = [sys.argv[0], *bounds, *options]
    if target.mutation is None:
        atheris.Setup(command, once)
    else:
        atheris.Setup(command, once, custom_mutator=_mutator(target))
    atheris.Fuzz()


def _bound(target: Target) -> None:
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = held + _ENGINE + target.memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _Mutator:
    """
    Half of the time a change that keeps the form, else one of the engine's own.
    """

    def __init__(self, target: Target) -> None:
        self._target = target

    def __call__(self, data: bytes, most: int, seed: int) -> bytes:
        chance = Random(seed)
        if self._target.mutation is None or chance.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        return self._target.mutation(data, chance)[:most]


def _mutator(target: Target) -> "_Mutator":
    return _Mutator(target)


if __name__ == "__main__":
    main(sys.argv[1:])
