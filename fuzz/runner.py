"""
Start a target in a process of its own, and read from its words how it went.

The corpus grows from run to run below `.cache/fuzz`; what made a target fail is kept there too.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fuzz.target import Target

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "fuzz"
_LINE = re.compile(r"#(\d+)\s+\w+\s+(?:cov: (\d+) )?.*?exec/s: (\d+) rss: (\d+)Mb")
_STAT = re.compile(r"stat::(\w+):\s+(\d+)")
_KEPT = re.compile(r"Test unit written to (.+)")
_REASON = re.compile(r"^(?:[\w.]*(?:Error|Exception|Failed)\b.*|ALARM: .*|==\d+== ERROR: .*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ran:
    """
    How one target went. `failure` is empty where nothing was found, `repeat` the command that shows it again.
    """

    target: str
    executions: int
    per_second: int
    edges: int  # of tundish, as the engine counts them
    peak_mib: int
    slowest_ms: float
    failure: str = ""
    repeat: str = ""


def run(target: Target, *, executions: int, seconds: int, seed: int = 1) -> Ran:
    """
    Fuzz a target until so many executions or seconds are over, or until it fails.
    """
    corpus, seeds, failures = (FOLDER / each / target.name for each in ("corpus", "seeds", "failures"))
    for folder in (corpus, seeds, failures):
        folder.mkdir(parents=True, exist_ok=True)
    for data in target.seeds():
        (seeds / sha256(data).hexdigest()[:16]).write_bytes(data)
    words = FOLDER / f"{target.name}.words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    notes = FOLDER / f"{target.name}.slowest"
    notes.write_text("0 0 0\n")
    options = [
        f"-runs={executions}",
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-artifact_prefix={failures}/",
        *([f"-dict={words}"] if target.words else []),
        "-print_final_stats=1",
    ]
    said = _process(target.name, str(notes), *options, str(corpus), str(seeds))
    (FOLDER / f"{target.name}.log").write_text(said[1])
    return read(target.name, *said, notes.read_text())


def read(name: str, code: int, said: str, notes: str) -> Ran:
    """
    What the engine said and noted of a run, as a value.
    """
    lines, stats = _LINE.findall(said), dict(_STAT.findall(said))
    count, edges, _, peak = lines[-1] if lines else ("0", "0", "0", "0")
    slowest, done, elapsed = map(float, notes.split())
    kept, reason = _KEPT.search(said), _REASON.search(said)
    failure = ""
    if code:
        failure = reason[0][:200] if reason else f"the process ended with code {code}"
    return Ran(
        target=name,
        executions=int(stats.get("number_of_executed_units", count)),
        per_second=int(done / elapsed) if elapsed else 0,
        edges=max((int(each[1] or 0) for each in lines), default=int(edges or 0)),
        peak_mib=int(stats.get("peak_rss_mb", peak)),
        slowest_ms=round(slowest * 1000, 3),
        failure=failure,
        repeat=f"scripts/fuzz --repeat {shlex.quote(kept[1])} {name}" if code and kept else "",
    )


def _process(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.engine", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    return done.returncode, done.stderr.decode("utf-8", "replace")


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{octet:02X}" for octet in word)
