"""
A terminal on an empty state, and one on a state that has synced both images of an upstream.
"""

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, Upstream, upstream


@pytest.fixture
def lab(tmp_path: Path) -> Upstream:
    return upstream(tmp_path)


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "state", capsys)


@pytest.fixture
def stocked(terminal: Terminal, lab: Upstream) -> Terminal:
    terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)
    terminal("select", "add", "ubuntu/*")
    assert terminal("sync").code == 0
    return terminal
