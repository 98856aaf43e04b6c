"""
The order of the measurement: in every round every client mirrors into a fresh target, and then again.

Rounds are interleaved and the order turns by one each round, so that a load that comes or goes falls on
all clients alike.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cases import Case, Entrant
from bench.clients import prove_held
from bench.measure import RunFailed, Usage, measured
from bench.stream import Shape

FIRST, AGAIN = "first", "again"
WORKS = {FIRST: "first sync, into nothing", AGAIN: "second sync, nothing new"}
CONFIGURE_TIMEOUT = 300.0
# Bytes of a target that goes before the next run. All others stay to the end: for minutes, ext4 looks at each
# deleted inode again whenever a file is made, which would burden the next client by seconds.
LARGE = 1024**3

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    round: int
    client: str
    work: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Trial:
    """
    A whole measurement of one case.
    """

    case: Case
    rounds: int
    load_before: float  # average over a minute, of everything on the machine
    load_after: float
    runs: tuple[Run, ...]

    @property
    def shape(self) -> Shape:
        return self.case.shape

    def usages(self, client: str, work: str) -> list[Usage]:
        """
        In the order of the rounds; empty if it was not measured.
        """
        return [run.usage for run in self.runs if (run.client, run.work) == (client, work)]

    @property
    def clients(self) -> list[str]:
        return list(dict.fromkeys(run.client for run in sorted(self.runs, key=lambda run: run.round)))


def measure(case: Case, entrants: Sequence[Entrant], *, rounds: int, scratch: Path, tell: Tell) -> Trial:
    """
    Raises:
        RunFailed: a client failed, or does not hold what it should.
    """
    before = os.getloadavg()[0]
    runs = []
    for number in range(rounds):
        turn = number % len(entrants)
        for entrant in (*entrants[turn:], *entrants[:turn]):
            for run in _turn(number + 1, entrant, scratch):
                tell(f"round {run.round} of {rounds}: {run.client:15} {run.work:6} {run.usage.wall:8.2f} s")
                runs.append(run)
    return Trial(case, rounds, before, os.getloadavg()[0], tuple(runs))


def _turn(number: int, entrant: Entrant, scratch: Path) -> Iterator[Run]:
    client, offer = entrant.client, entrant.offer
    target, log = scratch / f"{entrant.name}-{number}", scratch / f"{client.name}.log"
    try:
        for command in client.configure(offer, target):
            _configure(command)
        works = (FIRST, AGAIN) if client.knows_what_it_holds else (FIRST,)
        for work in works:
            usage = measured(client.sync(offer, target), scratch=scratch, log=log)
            prove_held(client, target, offer.shape)
            yield Run(number, entrant.name, work, usage)
    finally:
        if offer.shape.bytes > LARGE:
            shutil.rmtree(target, ignore_errors=True)


def _configure(command: Sequence[str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=CONFIGURE_TIMEOUT
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode(errors="replace")[-2000:]
        raise RunFailed(f"exit code {done.returncode}: {' '.join(command)}\n{said}")
