"""
The reference client, run as programs and never imported: what it mirrors, lists and makes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
HELD = ".data"  # where it notes what it holds; no part of the stream


def run(program: str, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    """
    One of its programs, with nothing of our environment but the search path.
    """
    return subprocess.run(
        [sys.executable, PROGRAMS / program, *words],  # its first line breaks in a path with a space
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def mirror(source: str | Path, target: Path, *options: str, keyring: Path | None = None) -> None:
    """
    Mirror a stream completely, or fail with what the program said. Without a keyring, nothing is verified.
    """
    _succeed("sstream-mirror", *_trust(keyring), *options, str(source), target)


def query(source: str | Path, *filters: str, keyring: Path | None = None) -> list[dict[str, str]]:
    """
    Every item of a stream that passes all filters, flattened. Without a keyring, nothing is verified.
    """
    said = _succeed("sstream-query", "--json", *_trust(keyring), str(source), *filters)
    found: list[dict[str, str]] = json.loads(said)
    return found


def condensed(items: list[dict[str, str]], target: Path) -> None:
    """
    Write an unsigned tree from flat items; what all items of a product share stands on the product.
    """
    listed = target / "items.json"
    target.mkdir()
    listed.write_text(json.dumps(items))
    _succeed("json2streams", listed, target)


def _trust(keyring: Path | None) -> tuple[str | Path, ...]:
    return ("--no-verify",) if keyring is None else ("--keyring", keyring)


def _succeed(program: str, *words: str | Path) -> str:
    done = run(program, *words)
    if done.returncode:
        raise AssertionError(f"{program} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def tree(folder: Path) -> dict[str, bytes]:
    """
    Every file of a stream below a folder, by path; what the reference notes for itself left out.
    """
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and HELD not in path.relative_to(folder).parts
    }
